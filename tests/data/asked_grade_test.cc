// Which columns of yes and no ask for the highest grade.

#include "data/adapters/asked_grade.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "data/read_support.h"

namespace epicrisis::test {
namespace {

TEST(AskedGrade, OnlyANameThatAsksForTheHighestIsSure) {
  const GradeWords& words = Field::standard().grade_words();
  for (const char* column : {"malignant",
                             "malignancy",
                             "is_malignant",
                             "isMalignant",
                             "benign_malignant",
                             "melanocytic_malignancy",
                             "malignancy(malig=1)",
                             "cancer",
                             "is_cancer",
                             "Bösartig",
                             "bösartig?",
                             "maligno",
                             "malin",
                             "kwaadaardig",
                             "malignant (yes/no)",
                             "Malignant? y/n",
                             "malignant: 0 = no, 1 = yes",
                             "target",
                             "label",
                             "three_partition_label",
                             "dignity",
                             "恶性",
                             "是否恶性",
                             "gutartig/bösartig"}) {
    EXPECT_TRUE(asks_for_highest(words, column)) << column;
  }
  for (const char* column : {"benign",
                             "is_benign",
                             "isbenign",
                             "benign?",
                             "malignant_benign",
                             "gutartig",
                             "Gutartig?",
                             "ist_gutartig",
                             "Gutartigkeit",
                             "bénin",
                             "benin",
                             "bénigne",
                             "benigno",
                             "benigna?",
                             "goedaardig",
                             "łagodny",
                             "良性",
                             "是否良性",
                             "non_malignant",
                             "nonmalignant",
                             "NonMalignant",
                             "not malignant",
                             "not_malignant",
                             "no malignancy",
                             "no_cancer",
                             "nocancer",
                             "non-cancerous",
                             "cancer_free",
                             "cancerfree",
                             "free_of_cancer",
                             "absence_of_malignancy",
                             "nicht_maligne",
                             "nicht bösartig",
                             "kein Krebs?",
                             "sin cancer",
                             "healthy",
                             "is_healthy",
                             "gesund",
                             "sain",
                             "normal",
                             "premalignant",
                             "pre_malignant",
                             "not malignant (yes/no)",
                             "no evidence of malignancy",
                             "no_tumour",
                             "tumour_free",
                             "bösartig_gutartig",
                             "非恶性",
                             "健康"}) {
    EXPECT_FALSE(asks_for_highest(words, column)) << column;
  }
}

// Upside down nothing is said: the class's own grade does not stand for it either.
TEST(AskedGrade, WhatAsksTheOtherWayRoundIsNotUnderstoodAndCounted) {
  for (const char* column : {"gutartig", "non_malignant", "no_cancer", "healthy", "bénin"}) {
    for (const char* cells : {"1 0", "ja nein", "True False"}) {
      const std::string yes(cells, std::string_view(cells).find(' '));
      const std::string no(std::string_view(cells).substr(yes.size() + 1));
      DataFolder folder;
      folder.text("columns.toml", std::string("table = \"t.csv\"\n[columns]\nid = \"id\"\nlabel = "
                                              "\"dx\"\nmalignancy = \"") +
                                      column + "\"\n");
      folder.text("t.csv", fmt::format("id,dx,{}\n1,NV,{}\n2,MEL,{}\n", column, yes, no));
      AdapterInput input = folder.input();
      input.tables_only = true;
      const ReadResult result = read_all("generic_csv", input);
      ASSERT_EQ(result.samples.size(), 2U);
      EXPECT_EQ(result.samples[0].grade, "") << column;
      EXPECT_EQ(result.samples[1].grade, "") << column;
      EXPECT_EQ(result.report.warnings.at("malignancy that is not understood").count, 2U);
    }
  }
}

}  // namespace
}  // namespace epicrisis::test
