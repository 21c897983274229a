// Data sets of which only the form is known here: small tables and folders in that form. Counts are
// those of the published lists of names, where there are some.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>

#include "data/adapters/weighted_label.h"
#include "data/read_support.h"
#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/read_remarks.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Counts classes_of(const AdapterReport& report) {
  Counts counts;
  for (const auto& [label, count] : report.by_label) counts[report.field.at(label).name] = count;
  return counts;
}

// File names and class numbers of the paper's lists of a data set.
std::vector<std::pair<std::string, std::string>> listed(const std::string& name) {
  CsvReader reader(shared_folder() / "data/antani-csv" / name / "labels.csv", {.header = false});
  std::vector<std::pair<std::string, std::string>> rows;
  while (reader.next()) rows.emplace_back(reader.row()[0], reader.row()[1]);
  return rows;
}

std::string without_suffix(const std::string& name) { return Path(name).stem().string(); }

TEST(HeaviestLabel, OfAListAsPythonWritesIt) {
  EXPECT_EQ(heaviest_label("{'Eczema': 0.69, 'Tinea': 0.31}"), "Eczema");
  EXPECT_EQ(heaviest_label("{'A': 0.3, \"B's\": 0.4, 'C': 0.3}"), "B's");
  EXPECT_EQ(heaviest_label("{'B\\'s': 0.5, 'C': 0.5}"), "B's");
  EXPECT_EQ(heaviest_label("{'A': 1, 'B': 2e0}"), "B");
  EXPECT_EQ(heaviest_label("{'A': 0.4, 'B (cut he"), "A");
  EXPECT_EQ(heaviest_label("{}"), "");
  EXPECT_EQ(heaviest_label(" "), "");
  for (const char* text : {"Eczema", "['Eczema']", "{Eczema: 1}", "{'Eczema'}", "{'Eczema': x}"}) {
    EXPECT_EQ(heaviest_label(text), std::nullopt) << text;
  }
}

TEST(Scin, CasesOfSeveralPicturesAndWeightedLabels) {
  DataFolder folder;
  folder.text("dataset/scin_cases.csv",
              "case_id,age_group,sex_at_birth,fitzpatrick_skin_type,body_parts_arm,body_parts_leg,"
              "condition_symptoms_itching,condition_symptoms_no_relevant_experience,condition_"
              "duration,image_1_path,image_2_path,image_3_path\n"
              "-5156441036700827606,AGE_30_TO_39,FEMALE,FST3,YES,YES,YES,,ONE_DAY,dataset/images/"
              "101.png,dataset/images/102.png,\n"
              "7,AGE_UNKNOWN,OTHER_OR_UNSPECIFIED,NONE_IDENTIFIED,,,,YES,UNKNOWN,dataset/images/"
              "103.png,,\n"
              "8,,,,,,,,,,,\n"
              "9,,,,,,,,,dataset/images/104.png,dataset/images/103.png,\n");
  folder.text("dataset/scin_labels.csv",
              "case_id,weighted_skin_condition_label\n"
              "-5156441036700827606,\"{'Eczema': 0.69, 'Tinea': 0.31}\"\n"
              "7,\"{'Melanocytic Nevus': 1.0}\"\n9,{}\n");
  for (int i = 101; i <= 104; ++i) folder.picture(fmt::format("dataset/images/{}.png", i));
  const ReadResult result = read_all("scin", folder.input());
  EXPECT_EQ(result.report.rows, 4U);
  EXPECT_EQ(result.report.records, 6U);
  ASSERT_THAT(result.samples, SizeIs(4));
  EXPECT_EQ(result.report.duplicate_ids.count, 1U);
  EXPECT_EQ(result.report.skipped.at("names no picture").count, 1U);
  const Sample* eczema = result.find("102");
  ASSERT_NE(eczema, nullptr);
  EXPECT_EQ(eczema->group, "-5156441036700827606");
  EXPECT_EQ(eczema->raw_label, "Eczema");
  EXPECT_EQ(eczema->diagnosis, "eczema");
  EXPECT_EQ(finding(*eczema, "age"), "30 to 39");
  EXPECT_EQ(finding(*eczema, "site"), "arm, leg");
  EXPECT_EQ(finding(*eczema, "skin type"), "Fitzpatrick III");
  EXPECT_EQ(finding(*eczema, "symptoms"), "itch");
  EXPECT_EQ(finding(*eczema, "duration"), "one day");
  EXPECT_EQ(result.find("103")->label, test::kNevus);
  EXPECT_EQ(finding(*result.find("103"), "symptoms"), "none reported");
  EXPECT_EQ(finding(*result.find("103"), "sex"), "");
  EXPECT_EQ(result.find("104")->raw_label, "");
  EXPECT_EQ(result.report.no_class, (Counts{{"Eczema", 2}}));
  EXPECT_THAT(result.report.warnings, IsEmpty());
}

constexpr std::string_view kPh2 =
    "||   Name || Histological Diagnosis || Clinical Diagnosis || Asymmetry | Pigment Network | "
    "Dots/Globules | Streaks | Regression Areas | Blue-Whitish Veil ||           Colors ||\r\n"
    "|| IMD003 ||                        ||                  0 ||         0 |               T |   "
    "          A |       A |                A |                 A ||             4    ||\r\n"
    "|| IMD061 || Lentigo Maligna        ||                  2 ||         2 |              AT |   "
    "         AT |       P |                P |                 P ||       3  4  5  6 ||\r\n"
    "|| IMD009 ||                        ||                  1 ||         1 | T ||   3 ||\r\n"
    "\r\nClinical Diagnosis:  0 - Common Nevus;  1 - Atypical Nevus;  2 - Melanoma.\r\n";

TEST(Ph2, TextTable) {
  DataFolder folder;
  folder.text("PH2Dataset/PH2_dataset.txt", kPh2);
  const std::string below = "PH2Dataset/PH2 Dataset images/";
  folder.picture(below + "IMD003/IMD003_Dermoscopic_Image/IMD003.png");
  folder.picture(below + "IMD003/IMD003_lesion/IMD003_lesion.png");
  folder.picture(below + "IMD061/IMD061_Dermoscopic_Image/IMD061.png");
  const ReadResult result = read_all("ph2", folder.input());
  ASSERT_THAT(result.samples, SizeIs(2));
  EXPECT_EQ(result.report.skipped.at("row of another form").count, 1U);
  EXPECT_EQ(result.report.pictures_without_row.count, 1U);  // the mask
  EXPECT_EQ(result.samples[0].label, test::kNevus);
  EXPECT_EQ(finding(result.samples[0], "asymmetry"), "symmetric");
  EXPECT_EQ(finding(result.samples[0], "colors"), "dark brown");
  EXPECT_EQ(result.samples[1].label, test::kMelanoma);
  EXPECT_EQ(result.samples[1].subclass, "lentigo maligna");
  EXPECT_EQ(finding(result.samples[1], "pigment network"), "atypical");
  EXPECT_EQ(finding(result.samples[1], "colors"), "light brown, dark brown, blue-gray, black");
  EXPECT_EQ(finding(result.samples[1], "diagnosis confirmed by"), "histopathology");
}

TEST(Ph2, BitmapsAreNamed) {
  DataFolder folder;
  folder.text("PH2_dataset.txt", kPh2);
  folder.text("PH2 Dataset images/IMD003/IMD003_Dermoscopic_Image/IMD003.bmp", "BM");
  AdapterInput input = folder.input();
  input.tables_if_no_pictures = true;
  const ReadResult result = read_all("ph2", input);
  EXPECT_EQ(result.report.samples, 2U);
  EXPECT_EQ(
      result.report.warnings.at("pictures of a format that is not read (jpg, png and webp are)")
          .count,
      1U);
  folder.text("PH2_dataset.txt", "|| Name || Histological Diagnosis ||\n");
  EXPECT_THROW(read_all("ph2", input), InputError);
}

TEST(Bcn20000, TablesOfFigshare) {
  DataFolder folder;
  folder.text(
      "bcn_20k_train.csv",
      "bcn_filename,age_approx,anatom_site_general,diagnosis,lesion_id,capture_date,sex,"
      "split\nBCN_0000000001.jpg,55.0,anterior torso,MEL,BCN_0003884,2012-05-16,male,train\n");
  folder.text("bcn_20k_test.csv",
              "bcn_filename,age_approx,anatom_site_general,lesion_id,capture_date,sex,split\n"
              "BCN_0000000002.jpg,,head/neck,BCN_0000001,2012-05-17,,test\n");
  folder.picture("BCN_20k_train/bcn_20k_train/BCN_0000000001.jpg");
  folder.picture("BCN_20k_test/bcn_20k_test/BCN_0000000002.jpg");
  const ReadResult result = read_all("bcn20000", folder.input());
  ASSERT_THAT(result.samples, SizeIs(2));
  EXPECT_EQ(result.samples[0].key, "BCN_0000000001");
  EXPECT_EQ(result.samples[0].label, test::kMelanoma);
  EXPECT_EQ(result.samples[0].group, "BCN_0003884");
  EXPECT_EQ(result.report.by_split, (Counts{{"train", 1}, {"test", 1}}));
  EXPECT_EQ(result.report.without_label, 1U);
  EXPECT_EQ(finding(result.samples[1], "site"), "head or neck");
}

TEST(Derm12345, TablesOfTheDataverse) {
  DataFolder folder;
  const std::string header =
      "image_id,label,super_class,malignancy,main_class_1,main_class_2,sub_class\n";
  folder.text("derm12345_metadata_train.csv",
              header +
                  "DERM_1,acb,melanocytic benign,benign,banal,compound,acral\n"
                  "DERM_2,ak,nonmelanocytic indeterminate,indeterminate,keratinocytic,,ak\n");
  folder.text("derm12345_metadata_test.csv",
              header + "DERM_3,ks,nonmelanocytic malignant,malignant,vascular,,kaposi\n");
  folder.picture("derm12345_train_part_1/acb/DERM_1.jpg");
  folder.picture("derm12345_train_part_2/ak/DERM_2.jpg");
  folder.picture("derm12345_test/ks/DERM_3.jpg");
  const ReadResult result = read_all("derm12345", folder.input());
  ASSERT_THAT(result.samples, SizeIs(3));
  EXPECT_EQ(classes_of(result.report), (Counts{{"NEV", 1}, {"ACK", 1}}));
  EXPECT_EQ(result.samples[1].grade, "pre-cancerous");
  EXPECT_EQ(result.samples[2].diagnosis, "Kaposi sarcoma");
  EXPECT_EQ(result.report.by_split, (Counts{{"train", 2}, {"test", 1}}));
}

TEST(Derm12345, All40CodesAreKnown) {
  DataFolder folder;
  std::string table = "image_id,label\n";
  int number = 0;
  for (const std::string& code :
       split("acb ccb mcb cb bdb db ajb cjb jb acd ccd cd ajd srjd jd rd isl ls sl anm alm lm lmm "
             "mel sk lk df angk ha la pg sa ak bcc bd ch mpd scc dfsp ks",
             ' ')) {
    table += fmt::format("{},{}\n", ++number, code);
  }
  folder.text("derm12345_metadata_train.csv", table);
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("derm12345", input);
  EXPECT_EQ(result.report.samples, 40U);
  EXPECT_THAT(result.report.unmapped, IsEmpty());
  EXPECT_THAT(result.report.no_class, SizeIs(6));
}

TEST(Ddi, BothHeaders) {
  for (const char* column : {"malignant", "malignancy(malig=1)"}) {
    const bool newer = std::string(column) == "malignant";
    DataFolder folder;
    folder.text("ddi_metadata.csv", fmt::format(",DDI_ID,DDI_file,skin_tone,{},disease\n"
                                                "0,1,000001.png,56,{},melanoma-in-situ\n"
                                                "1,2,000002.png,12,{},melanocytic-nevi\n"
                                                "2,3,000003.png,34,{},mycosis-fungoides\n",
                                                column, newer ? "True" : "1", newer ? "FALSE" : "0",
                                                newer ? "TRUE" : "1"));
    for (int i = 1; i <= 3; ++i) folder.picture(fmt::format("{:06}.png", i));
    const ReadResult result = read_all("ddi", folder.input());
    ASSERT_THAT(result.samples, SizeIs(3));
    EXPECT_EQ(result.samples[0].label, test::kMelanoma);
    EXPECT_EQ(result.samples[0].grade, "malignant");
    EXPECT_EQ(result.samples[1].grade, "benign");
    EXPECT_EQ(result.samples[2].grade, "malignant");
    EXPECT_EQ(result.samples[2].diagnosis, "mycosis fungoides");
    EXPECT_EQ(finding(result.samples[0], "skin type"), "Fitzpatrick V or VI");
    EXPECT_EQ(result.report.no_class, (Counts{{"mycosis-fungoides", 1}}));
  }
}

TEST(MraMidas, PathologyBeforeImpressionAndNamesThatDiffer) {
  DataFolder folder;
  folder.text(
      "release_midas.csv",
      ",midas_record_id,midas_iscontrol,midas_distance,midas_location,midas_path,midas_gender,"
      "midas_age,midas_fitzpatrick,clinical_impression_1,length_(mm),width_(mm),midas_file_name\n"
      "0,7,no,dscope,left arm,malignant- melanoma,male,61,\"ii fair, burns\",1-benign-melanocytic nevus,6,5,"
      "s-prd-100000001.jpg\n"
      "1,7,no,1ft,left arm,malignant- melanoma,male,61,,,6,wide,s-prd-100000002.jpeg\n"
      "2,7,yes,6in,right arm,,male,61,,2-benign-seborrheic keratosis,,,s-prd-100000003.jpg\n"
      "3,8,no,n/a - virtual,nose,benign-other,female,n/a,,,,,s-prd-100000004.jpg\n");
  folder.picture("s-prd-100000001.jpg");
  folder.picture("s-prd-100000002.jpg");
  folder.picture("s-prd-100000003_cropped.jpg");
  const ReadResult result = read_all("mra_midas", folder.input());
  ASSERT_THAT(result.samples, SizeIs(3));
  EXPECT_EQ(result.report.rows_without_picture.count, 1U);
  EXPECT_EQ(result.samples[0].label, test::kMelanoma);
  EXPECT_EQ(result.samples[0].modality, "dermoscopic image");
  EXPECT_EQ(finding(result.samples[0], "diameter"), "6 x 5 mm");
  EXPECT_EQ(finding(result.samples[0], "skin type"), "Fitzpatrick II");
  EXPECT_EQ(result.samples[1].modality, "clinical image");
  EXPECT_THAT(result.samples[1].image_path, HasSubstr("s-prd-100000002.jpg"));
  EXPECT_EQ(result.samples[2].label, test::kBenignKeratosis);
  EXPECT_THAT(result.samples[2].image_path, HasSubstr("_cropped.jpg"));
  EXPECT_EQ(result.samples[2].group, "7");
  EXPECT_EQ(result.report.warnings.count("control: normal skin or a lesion without pathology, "
                                         "labelled by the clinical impression"),
            1U);
}

// The paper's list has the pathology's words with hyphens for commas.
TEST(MraMidas, WordsOfThePublishedListAreKnown) {
  EPICRISIS_NEEDS_SHARED_DATA();
  CsvReader reader(
      shared_folder() / "data/antani-csv/MRA_MIDAS" / "classes_subclasses_metadata_mapping.csv",
      {.header = false});
  DataFolder folder;
  std::string table = "midas_record_id,midas_distance,midas_path,midas_file_name\n";
  while (reader.next()) {
    // Labels without a prefix are the list's own words for impressions.
    const std::string& label = reader.row()[3];
    if (label.find('-') == std::string::npos || label.starts_with("melanocytic tumor")) continue;
    table += "1,dscope,\"" + label + "\"," + reader.row()[0] + ".jpg\n";
  }
  folder.text("release_midas.csv", table);
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("mra_midas", input);
  EXPECT_THAT(result.report.unmapped, IsEmpty());
  EXPECT_EQ(classes_of(result.report), (Counts{{"BCC", 594},
                                               {"NEV", 573},
                                               {"BEK", 237},
                                               {"MEL", 234},
                                               {"SCC", 202 + 163},
                                               {"ACK", 176},
                                               {"DF", 51},
                                               {"VASC", 29}}));
  EXPECT_THAT(result.report.no_class, SizeIs(1));
}

TEST(SkinCap, LabelsOfBothSourcesAndMarkedRows) {
  DataFolder folder;
  folder.text("skincap_v240623.csv",
              "Unnamed: 0,id,skincap_file_path,disease,skin_tone,malignant,fitzpatrick_scale,"
              "three_partition_label,Papule,Do not consider this image\n"
              "0,1,1.png,melanoma-in-situ,56.0,1.0,,,1,0\n"
              "1,2,2.png,halo nevus,,,3,benign,1,0\n"
              "2,3,3.png,acne vulgaris,,,-1,non-neoplastic,1,0\n"
              "3,4,4.png,melanoma,12.0,1.0,,,1,1\n");
  for (int i = 1; i <= 4; ++i) folder.picture(fmt::format("skincap/{}.png", i));
  const ReadResult result = read_all("skincap", folder.input());
  ASSERT_THAT(result.samples, SizeIs(3));
  EXPECT_EQ(finding(result.samples[0], "skin type"), "Fitzpatrick V or VI");
  EXPECT_EQ(finding(result.samples[1], "skin type"), "Fitzpatrick III");
  EXPECT_EQ(classes_of(result.report), (Counts{{"MEL", 1}, {"NEV", 1}}));
  EXPECT_EQ(finding(result.samples[1], "skin type"), "Fitzpatrick III");
  EXPECT_EQ(result.report.no_class, (Counts{{"acne vulgaris", 1}}));
  EXPECT_EQ(result.report.skipped_total(), 1U);
  EXPECT_THAT(result.report.warnings, IsEmpty());
}

TEST(Derm1m, SampleOfItsAuthors) {
  EPICRISIS_NEEDS_SHARED_DATA();
  AdapterInput input;
  input.path = shared_folder() / "data/metadata_only/derm1m";
  input.tables_only = true;
  const ReadResult result = read_all("derm1m", input);
  EXPECT_EQ(result.report.rows, 10U);
  EXPECT_EQ(result.report.samples, 10U);
  EXPECT_THAT(result.report.unmapped, IsEmpty());
  for (const Sample& sample : result.samples) {
    EXPECT_EQ(finding(sample, "age"), "") << sample.key;
    EXPECT_NE(finding(sample, "symptoms"), "no symptom information") << sample.key;
  }
}

TEST(FluoSc, NamesSayClassKindAndPair) {
  DataFolder folder;
  folder.picture("clinical/CLI_CCE_12.jpg");
  folder.picture("fluorescence/FLUO_CCE_12.jpg");
  folder.picture("clinical/CLI_XYZ_1.jpg");
  folder.picture("clinical/overview.jpg");
  const ReadResult result = read_all("fluo_sc", folder.input());
  ASSERT_THAT(result.samples, SizeIs(3));
  EXPECT_EQ(result.samples[0].key, "CLI_CCE_12");
  EXPECT_EQ(result.samples[0].label, test::kSquamousCellCarcinoma);
  EXPECT_EQ(result.samples[0].modality, "clinical image");
  EXPECT_EQ(result.find("FLUO_CCE_12")->modality, "fluorescence image");
  EXPECT_EQ(result.find("FLUO_CCE_12")->group, "CCE_12");
  EXPECT_EQ(result.samples[0].group, "CCE_12");
  EXPECT_EQ(result.report.unmapped, (Counts{{"XYZ", 1}}));
  EXPECT_EQ(result.report.skipped.at("a path of another form").count, 1U);
}

// The names of the published list as empty files.
TEST(FluoSc, CountsOfThePublishedList) {
  EPICRISIS_NEEDS_SHARED_DATA();
  DataFolder folder;
  for (const auto& [name, number] : listed("FLUO_SC")) {
    folder.picture(without_suffix(name) + ".jpg");
  }
  const ReadResult result = read_all("fluo_sc", folder.input());
  EXPECT_EQ(
      classes_of(result.report),
      (Counts{{"ACK", 560}, {"BCC", 496}, {"BEK", 252}, {"NEV", 158}, {"SCC", 78}, {"MEL", 19}}));
}

TEST(Skinl2, FoldersAndPicturesOfALesion) {
  DataFolder folder;
  folder.picture("SKINL2_v1/Dermatoscopic/Melanoma/0101_Dermatoscopic.png");
  folder.picture("SKINL2_v1/Dermatoscopic/Melanocytic nevus/0228_Dermatoscopic.jpg");
  folder.picture("SKINL2_v1/Dermatoscopic/Melanocytic nevus/0228_2_Dermatoscopic.png");
  folder.picture("SKINL2_v1/Lightfield/Melanoma/0101/view_01.png");
  const ReadResult result = read_all("skinl2", folder.input());
  ASSERT_THAT(result.samples, SizeIs(3));
  EXPECT_EQ(result.find("0228_Dermatoscopic")->group, "0228");
  EXPECT_EQ(result.find("0228_2_Dermatoscopic")->group, "0228");
  EXPECT_EQ(result.find("0101_Dermatoscopic")->label, test::kMelanoma);
  EXPECT_EQ(result.report.skipped.at("a path of another form").count, 1U);
}

TEST(MedNode, TwoFolders) {
  DataFolder folder;
  folder.picture("complete_mednode_dataset/melanoma/896.jpg");
  folder.picture("complete_mednode_dataset/naevus/896.jpg");
  const ReadResult result = read_all("med_node", folder.input());
  ASSERT_THAT(result.samples, SizeIs(2));
  EXPECT_EQ(classes_of(result.report), (Counts{{"NEV", 1}, {"MEL", 1}}));
}

TEST(Daffodil, FoldersOfDiseases) {
  DataFolder folder;
  folder.picture("Vitiligo/vitiligo-24__ProtectWyJ.jpg");
  folder.picture("Nail Psoriasis/3236__ProtectWyJ.jpeg");
  const ReadResult result = read_all("daffodil", folder.input());
  ASSERT_THAT(result.samples, SizeIs(2));
  EXPECT_THAT(result.report.by_label, IsEmpty());
  EXPECT_EQ(result.report.no_class, (Counts{{"Nail Psoriasis", 1}, {"Vitiligo", 1}}));
}

TEST(Sd198, FoldersOfThePublishedList) {
  EPICRISIS_NEEDS_SHARED_DATA();
  std::ifstream list(shared_folder() / "data/metadata_only/sd198/file_list.txt");
  DataFolder folder;
  for (std::string line; std::getline(list, line);) {
    if (!line.empty()) folder.picture("SD198/images/" + line + ".jpg");
  }
  const ReadResult result = read_all("sd198", folder.input());
  EXPECT_EQ(result.report.rows, 802U);
  EXPECT_EQ(result.report.samples + result.report.skipped_total(), 802U);
  EXPECT_EQ(
      classes_of(result.report),
      (Counts{
          {"ACK", 31}, {"BCC", 30}, {"DF", 30}, {"MEL", 30 + 31}, {"NEV", 26}, {"VASC", 32 + 30}}));
  EXPECT_EQ(result.report.no_class.at("Lichen_Planus"), 30U);
  EXPECT_THAT(result.report.unmapped, IsEmpty());
}

// The label for all others would take it without a word.
TEST(Sd198, AMisspeltFolderIsNamedWithItsClass) {
  DataFolder folder;
  for (const char* name : {"Malignant_Melanom/1.png", "Unheard_Of/2.png", "Dermatofibroma/3.png"}) {
    folder.picture(std::string("SD198/images/") + name);
  }
  const AdapterReport report = read_all("sd198", folder.input()).report;
  EXPECT_EQ(report.unnamed, (Counts{{"Malignant_Melanom", 1}, {"Unheard_Of", 1}}));
  ASSERT_THAT(report.nearly_known, SizeIs(1));
  EXPECT_EQ(report.nearly_known.at("Malignant_Melanom").label, test::kMelanoma);
  std::string said;
  for (const ReadRemark& remark : remarks_on(report)) said += remark.text + "\n";
  EXPECT_THAT(said, HasSubstr("'Malignant_Melanom' (1), a slip of 'malignant_melanoma' (MEL)?"));
  EXPECT_THAT(said, HasSubstr("does not name, taken as of none of the classes: 'Unheard_Of' (1)"));
  EXPECT_THAT(map_blocks(report), HasSubstr("raw = [\"Malignant_Melanom\"]  # 1 sample\nlabel = "
                                            "\"MEL\"  # if it is a slip of"));
  EXPECT_THAT(map_blocks(report), ::testing::Not(HasSubstr("Unheard_Of")));
}

// Kaggle's layout, in which one folder is found as two.
TEST(Isic2024, PicturesOfAFolderWithinAnotherAreListedOnce) {
  DataFolder folder;
  folder.text("train-metadata.csv",
              "isic_id,tbp_lv_A,iddx_1,patient_id\nISIC_0015670,1,Benign,p\n");
  folder.picture("train-image/image/ISIC_0015670.jpg");
  folder.picture("train-image/image/ISIC_0015845.jpg");
  AdapterInput input = folder.input();
  const AdapterReport report = read_all("isic2024", input).report;
  EXPECT_EQ(report.samples, 1U);
  EXPECT_EQ(report.pictures_shadowed.count, 0U);
  EXPECT_EQ(report.pictures_without_row.count, 1U);
  EXPECT_THAT(report.picture_folders, SizeIs(1));
  input.pictures = {"train-image", "train-image/image", "train-image/../train-image/image"};
  EXPECT_EQ(read_all("isic2024", input).report.pictures_shadowed.count, 0U);
}

TEST(Sd198, LabelsOfFolders) {
  DataFolder folder;
  folder.picture("Actinic_solar_Damage(Actinic_Keratosis)/000493HB.jpg");
  folder.picture("Bowen's_Disease/005138HB.jpg");
  folder.picture("Beau's_Lines/000493HB.jpg");
  const ReadResult result = read_all("sd198", folder.input());
  EXPECT_EQ(result.report.samples + result.report.skipped_total(), 3U);
}

TEST(DermNet, TheNameOfTheFileIsTheExactLabel) {
  DataFolder folder;
  folder.picture("train/Melanoma Skin Cancer Nevi and Moles/malignant-melanoma-12.jpg");
  folder.picture("train/Melanoma Skin Cancer Nevi and Moles/halo-nevus-3.jpg");
  folder.picture("test/Acne and Rosacea Photos/07Acne081101.jpg");
  folder.picture("test/Eczema Photos/eczema-hand-5.jpg");
  // A part of the name that begins with a digit.
  folder.picture(
      "train/Actinic Keratosis Basal Cell Carcinoma and other Malignant Lesions/"
      "actinic-keratosis-5FU-3.jpg");
  const ReadResult result = read_all("dermnet", folder.input());
  ASSERT_THAT(result.samples, SizeIs(5));
  EXPECT_EQ(classes_of(result.report), (Counts{{"ACK", 1}, {"MEL", 1}, {"NEV", 1}}));
  EXPECT_EQ(result.report.by_split, (Counts{{"train", 3}, {"test", 2}}));
  EXPECT_EQ(result.report.no_class, (Counts{{"Acne and Rosacea Photos", 1}, {"eczema-hand", 1}}));
}

// All names of the published list but those of inflammation and of look-alikes.
TEST(DermNet, NamesOfThePublishedList) {
  EPICRISIS_NEEDS_SHARED_DATA();
  DataFolder folder;
  for (const auto& [name, number] : listed("DermNet")) {
    folder.picture("train/Some Folder/" + without_suffix(name) + ".jpg");
  }
  const ReadResult result = read_all("dermnet", folder.input());
  EXPECT_EQ(result.report.samples, 705U);
  EXPECT_EQ(classes_of(result.report), (Counts{{"BEK", 69 + 81 + 41},
                                               {"DF", 58},
                                               {"NEV", 38 + 5 + 9},
                                               {"ACK", 35},
                                               {"BCC", 190},
                                               {"MEL", 74},
                                               {"SCC", 35 + 20}}));
}

TEST(PublishedSets, AllSayWhatTheyReadAndOnWhichTerms) {
  for (const char* name : {"isic_archive", "isic2016", "isic2024", "lesion_size_2020", "bcn20000",
                           "derm12345", "ddi", "mra_midas", "fluo_sc", "skinl2", "med_node",
                           "daffodil", "sd198", "dermnet", "scin", "ph2", "skincap", "derm1m"}) {
    EXPECT_FALSE(adapter(name).terms().empty()) << name;
    EXPECT_THAT(adapter(name).expected_files(), Not(IsEmpty())) << name;
    DataFolder folder;
    EXPECT_THROW(read_all(name, folder.input()), UsageError) << name;
  }
  std::vector<std::string_view> names;
  for (const Adapter* one : adapters()) names.push_back(one->name());
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

}  // namespace
}  // namespace epicrisis::test
