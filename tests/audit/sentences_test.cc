#include "audit/sentences.h"

#include <gtest/gtest.h>

#include "epicrisis/core/strings.h"

namespace epicrisis::audit {
namespace {

std::vector<std::string> cut(std::string_view text) {
  std::vector<std::string> parts;
  for (const Sentence& one : sentences_of(text)) {
    parts.emplace_back(text.substr(one.begin, one.end - one.begin));
  }
  return parts;
}

std::string without(std::string_view text, std::initializer_list<std::size_t> which) {
  const std::vector<Sentence> sentences = sentences_of(text);
  std::vector<bool> gone(sentences.size(), false);
  for (const std::size_t index : which) gone.at(index) = true;
  return without_sentences(text, sentences, gone);
}

using Parts = std::vector<std::string>;

TEST(Sentences, EndAtStopsAndLines) {
  EXPECT_EQ(cut("A brown macule. It is benign!  Is it? Yes"),
            (Parts{"A brown macule.", "It is benign!", "Is it?", "Yes"}));
  EXPECT_EQ(cut("A) Asymmetry: none.\nB) Border: sharp\n\nIt is a nevus."),
            (Parts{"A) Asymmetry: none.", "B) Border: sharp", "It is a nevus."}));
  EXPECT_EQ(cut("\r\n  One.\r\nTwo.  \r\n"), (Parts{"One.", "Two."}));
  EXPECT_EQ(cut("Is it \"benign.\" It is."), (Parts{"Is it \"benign.\"", "It is."}));
  EXPECT_EQ(cut(""), Parts{});
  EXPECT_EQ(cut(" \n"), Parts{});
  EXPECT_EQ(cut("..."), Parts{"..."});
}

TEST(Sentences, DoNotEndWithin) {
  EXPECT_EQ(cut("About 2.5 mm, e.g. on the arm, cf. Fig. 2 and Dr. Miller. End."),
            (Parts{"About 2.5 mm, e.g. on the arm, cf. Fig. 2 and Dr. Miller.", "End."}));
  EXPECT_EQ(cut("1. Border sharp. 2. Colour brown."),
            (Parts{"1. Border sharp.", "2. Colour brown."}));
  EXPECT_EQ(cut("A nevus (a mole. See above.) of the arm. End."),
            (Parts{"A nevus (a mole. See above.) of the arm.", "End."}));
  // A line that was broken for its length alone.
  EXPECT_EQ(cut("The lesion is a\nmelanoma. End"), (Parts{"The lesion is a\nmelanoma.", "End"}));
  // A bracket that nothing closes takes nothing in.
  EXPECT_EQ(cut("A nevus (a mole. End."), (Parts{"A nevus (a mole.", "End."}));
}

TEST(Sentences, WhatStaysIsWhole) {
  const std::string text = "Ein Fleck. Ça va, 日本。 It is a melanoma. Sharp.\n\nEnd.";
  EXPECT_EQ(without(text, {1}), "Ein Fleck. Sharp.\n\nEnd.");
  EXPECT_EQ(without("One. Two. Three.", {0}), "Two. Three.");
  EXPECT_EQ(without("One. Two. Three.", {2}), "One. Two.");
  EXPECT_EQ(without("One.\nTwo.\n\nThree.", {1}), "One.\n\nThree.");
  EXPECT_EQ(without("One.", {0}), "");
}

TEST(Sentences, HeadingsGoWithWhatTheyHead) {
  EXPECT_EQ(without("Border:\nSharp.\n\n**Diagnosis:**\nMelanoma.", {3}), "Border:\nSharp.");
  EXPECT_EQ(without("Seen:\n- a network\n- a melanoma\nEnd.", {2}), "Seen:\n- a network\nEnd.");
  EXPECT_EQ(without("Seen:\n- a melanoma\n- a network\nEnd.", {1}), "Seen:\n- a network\nEnd.");
  EXPECT_EQ(without("Seen:\n- a melanoma\nEnd.", {1}), "End.");
  EXPECT_EQ(without("Seen:\n- a nevus\n- a mole\n- a net", {1, 2}), "Seen:\n- a net");
  EXPECT_EQ(without("A:\nB:\nA mole.\nEnd.", {2}), "End.");
}

TEST(Sentences, LargeInputsAreLinear) {
  for (const std::string unit : {"(", ".", ". ", "\n", "a. ", "a\n", ")", ".)"}) {
    std::string text;
    while (text.size() < (1U << 20)) text += unit;
    std::vector<Sentence> sentences = sentences_of(text);
    std::vector<bool> gone(sentences.size(), false);
    const std::string kept = without_sentences(text, sentences, gone);
    EXPECT_EQ(kept, trim(text)) << unit;
  }
}

}  // namespace
}  // namespace epicrisis::audit
