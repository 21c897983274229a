// Which adapter reads a folder, what a person is told of a read, and the column map that is
// proposed.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <map>

#include "data/read_support.h"
#include "epicrisis/core/error.h"
#include "epicrisis/data/adapter_choice.h"
#include "epicrisis/data/column_proposal.h"
#include "epicrisis/data/read_remarks.h"
#include "epicrisis/data/taxonomy.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kHam =
    "lesion_id\timage_id\tdx\tdx_type\tage\tsex\tlocalization\n"
    "\"HAM_1\"\t\"ISIC_1\"\t\"nv\"\t\"histo\"\t0.0\t\"male\"\t\"back\"\n"
    "\"HAM_2\"\t\"ISIC_2\"\t\"mel\"\t\"histo\"\t\t\"unknown\"\t\"unknown\"\n";

std::string refusal(const DataFolder& folder) {
  try {
    return std::string(sure_adapter(folder.input()).name());
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(AdapterChoice, TakesTheOnlyOneThatReads) {
  DataFolder folder;
  folder.text("HAM10000_metadata.tab", kHam);
  EXPECT_EQ(sure_adapter(folder.input()).name(), "ham10000");
  folder.picture("images/ISIC_1.jpg");
  EXPECT_EQ(sure_adapter(folder.input()).name(), "ham10000");
}

TEST(AdapterChoice, AColumnMapSaysIt) {
  DataFolder folder;
  folder.text("HAM10000_metadata.csv", kHam);
  folder.text("columns.toml", "table = \"HAM10000_metadata.csv\"\n[columns]\nid = \"image_id\"\n");
  EXPECT_EQ(sure_adapter(folder.input()).name(), "generic_csv");
}

// One that names no table is of an image folder, wherever that has its metadata.
TEST(AdapterChoice, AColumnMapOfAnImageFolderDoesNotMakeATable) {
  const std::string map = "[columns]\ngroup = \"who\"\n";
  for (const char* lines : {"metadata.jsonl", "train/metadata.jsonl", ""}) {
    DataFolder folder;
    folder.picture("train/mel/1.jpg");
    if (*lines != '\0') {
      const std::string below = std::string(lines).starts_with("train") ? "mel" : "train/mel";
      folder.text(lines, "{\"file_name\": \"" + below + "/1.jpg\", \"who\": \"p1\"}\n");
    }
    folder.text("columns.toml", map);
    EXPECT_EQ(sure_adapter(folder.input()).name(), "imagefolder") << lines;
    folder.text("elsewhere/map.toml", map);
    AdapterInput input = folder.input();
    input.column_map = folder.path() / "elsewhere" / "map.toml";
    EXPECT_EQ(sure_adapter(input).name(), "imagefolder") << lines;
  }
  // Without a picture its own adapter says what is missing.
  DataFolder table;
  table.text("cases.csv", "case,dx\n1,MEL\n");
  table.text("columns.toml", map);
  EXPECT_EQ(sure_adapter(table.input()).name(), "generic_csv");
  table.picture("images/1.jpg");
  EXPECT_EQ(sure_adapter(table.input()).name(), "generic_csv");
}

TEST(AdapterChoice, FoldersOfKnownClassesAreAnImageFolder) {
  DataFolder folder;
  folder.picture("mel/1.jpg");
  folder.picture("nv/2.jpg");
  EXPECT_EQ(sure_adapter(folder.input()).name(), "imagefolder");
}

TEST(AdapterChoice, FoldersOfDiseasesAreNoPublishedSet) {
  for (const char* before : {"", "images/", "train/"}) {
    DataFolder folder;
    for (const char* name : {"Basal_Cell_Carcinoma", "Malignant_Melanoma", "Nevus"}) {
      folder.picture(fmt::format("{}{}/1.jpg", before, name));
    }
    EXPECT_EQ(sure_adapter(folder.input()).name(), "imagefolder") << before;
  }
  DataFolder dermnet;
  dermnet.picture("train/Melanoma Skin Cancer Nevi and Moles/malignant-melanoma-12.jpg");
  dermnet.picture("test/Acne and Rosacea Photos/07Acne081101.jpg");
  EXPECT_EQ(sure_adapter(dermnet.input()).name(), "dermnet");
}

TEST(AdapterChoice, WhatIsNotSureIsNamed) {
  DataFolder folder;
  folder.text("cases.csv", "case,dx\n1,MEL\n");
  EXPECT_THAT(refusal(folder), AllOf(HasSubstr("no data set that is known"), HasSubstr("`guess`")));
  // Folders that name no class are no better way to read it.
  folder.picture("stuff/1.jpg");
  EXPECT_THAT(refusal(folder), AllOf(HasSubstr("cases.csv is a table of 1 row, "),
                                     HasSubstr("`guess`"), Not(HasSubstr("imagefolder"))));
  DataFolder pictures;
  pictures.picture("stuff/1.jpg");
  EXPECT_THAT(refusal(pictures), HasSubstr("imagefolder (0 of the first 1 sample with a class"));
}

TEST(AdapterChoice, WithoutAColumnMapTheTableIsNamed) {
  DataFolder folder;
  folder.text("cases.csv", "case;dx\n1;MEL\n2;NV\n");
  folder.text("notes.txt", "only prose\n");
  try {
    read_all("generic_csv", folder.input());
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("no columns.toml"), HasSubstr("cases.csv is a table of 2 rows"),
                      HasSubstr("`guess`"), Not(HasSubstr("notes.txt"))));
  }
  folder.picture("photos/1.jpg");
  const ReadResult result = read_all("imagefolder", folder.input());
  ASSERT_EQ(result.report.warnings.size(), 1U);
  EXPECT_THAT(result.report.warnings.begin()->second.examples,
              testing::ElementsAre(
                  HasSubstr("cases.csv: a table of 2 rows, which a column map can explain")));
}

std::vector<std::string> texts_of(const AdapterReport& report, bool warning) {
  std::vector<std::string> texts;
  for (const ReadRemark& remark : remarks_on(report)) {
    if (remark.warning == warning) texts.push_back(remark.text);
  }
  return texts;
}

// Reads a table t.csv by a column map.
ReadResult read_table(std::string_view map, std::string_view table) {
  DataFolder folder;
  folder.text("columns.toml", map);
  folder.text("t.csv", table);
  AdapterInput input = folder.input();
  input.tables_only = true;
  return read_all("generic_csv", input);
}

ReadResult read_cases(std::string_view rows, std::string_view header = "id;dx;sex;malignant\n") {
  return read_table(
      "table = \"t.csv\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\nsex = \"sex\"\n"
      "malignancy = \"malignant\"\n",
      std::string(header) + std::string(rows));
}

TEST(ReadRemarks, NameWhatWasLeftOutAndHowOften) {
  const ReadResult result = read_cases(
      "1;MEL;x;1\n2;wart;x;0\n3;wart;y;0\n4;NV;f;1\n4;NV;f;0\n;NV;f;0\n5;\"a \"\"b\"\"\";f;0\n");
  EXPECT_THAT(texts_of(result.report, false), testing::Contains("t.csv is separated by ';'"));
  const std::vector<std::string> warnings = texts_of(result.report, true);
  EXPECT_THAT(warnings, testing::Contains("3 sex of an unknown spelling: 'x' (2), 'y' (1)"));
  EXPECT_THAT(warnings, testing::Contains("1 malignancy that is not the class's"));
  EXPECT_THAT(warnings, testing::Contains("1 skipped: ids met before"));
  EXPECT_THAT(warnings, testing::Contains("1 skipped: no id"));
  EXPECT_THAT(warnings, testing::Contains(
                            "labels that the label map does not know: 'wart' (2), 'a \"b\"' (1)"));
}

TEST(ReadRemarks, UnknownLabelsAreBlocksToPaste) {
  const ReadResult result = read_cases("1;wart;;\n2;wart;;\n3;\"a \"\"b\"\"\";;\n");
  const std::string blocks = map_blocks(result.report);
  const std::string diagnosis =
      "# diagnosis = \"\"  # what notes say, where the class's own words are too coarse\n";
  EXPECT_EQ(blocks, "[[map]]\nraw = [\"wart\"]  # 2 samples\nlabel = \"\"\n" + diagnosis +
                        "[[map]]\nraw = [\"a \\\"b\\\"\"]  # 1 sample\nlabel = \"\"\n" + diagnosis);
  EXPECT_THAT(classes_in_words(Field::standard()), HasSubstr("DF dermatofibroma, NEV "));
  const Taxonomy taxonomy = Taxonomy::parse("extends = \"common\"\n" + blocks, "mine.toml");
  EXPECT_NE(taxonomy.find("a \"b\""), nullptr);
  EXPECT_EQ(map_blocks(read_cases("1;MEL;;\n").report), "");
}

// A block that is pasted and not completed must not pass for a decision.
TEST(ReadRemarks, ALabelThatIsLeftEmptyIsAskedFor) {
  const std::string_view table = "id,dx\n1,wart\n2,scar\n3,unk\n4,MEL\n";
  const std::string map =
      "table = \"t.csv\"\ntaxonomy = \"isic2019\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\n"
      "[[map]]\nraw = [\"scar\"]\nlabel = \"\"\ndiagnosis = \"scar\"\n";
  const std::string blocks = map_blocks(read_table(map, table).report);
  const AdapterReport report = read_table(map + blocks, table).report;
  EXPECT_EQ(report.left_empty, (Counts{{"wart", 1}}));
  EXPECT_EQ(report.no_class, (Counts{{"wart", 1}, {"scar", 1}, {"unk", 1}}));
  EXPECT_THAT(texts_of(report, true),
              testing::Contains(AllOf(HasSubstr("left out on purpose?"), HasSubstr("'wart' (1)"))));
  EXPECT_THAT(texts_of(report, false), testing::Contains("known labels of none of the classes: "
                                                         "'scar' (1), 'unk' (1)"));
}

TEST(ReadRemarks, AMapThatNamesNoLabelColumnIsTold) {
  const AdapterReport report =
      read_table("table = \"t.csv\"\n[columns]\nid = \"id\"\n", "id,dx\n1,MEL\n2,NV\n").report;
  EXPECT_THAT(
      texts_of(report, true),
      testing::Contains("2 samples without a label: the column map names no `label` column"));
  EXPECT_EQ(to_json(report).at("no_label_column"), true);
}

// Two pictures of one person in training and test were told by nobody.
TEST(ReadRemarks, ATableThatSaysNoPatientIsTold) {
  const std::string_view table = "id,dx,who\n1,MEL,\n2,NV,unknown\n3,NV,\n";
  const std::string map = "table = \"t.csv\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\n";
  const auto told = testing::Contains(HasSubstr("no sample says its patient or case"));
  const AdapterReport report = read_table(map, table).report;
  EXPECT_THAT(texts_of(report, false), told);
  EXPECT_EQ(to_json(report).at("without_group"), 3);
  EXPECT_THAT(texts_of(read_table(map + "group = \"who\"\n", table).report, false), told);
  const AdapterReport grouped =
      read_table(map + "group = \"who\"\n", "id,dx,who\n1,MEL,p1\n2,NV,\n").report;
  EXPECT_THAT(texts_of(grouped, false), Not(told));
  EXPECT_EQ(grouped.without_group, 1U);
  EXPECT_THAT(texts_of(read_table(map, "id,dx\n1,MEL\n").report, false), Not(told));
}

// What is pasted as it is changes no sample, and is warned of no more.
TEST(ReadRemarks, ValuesThatAreNotUnderstoodAreWordsToPaste) {
  const std::string_view table =
      "id,age,sex,site,fst\n1,old,x,Klingon,f\n2,old,x,\"say \"\"q\"\"\",9\n3,4,f,back,3\n";
  const std::string map =
      "table = \"t.csv\"\n[columns]\nid = \"id\"\nage = \"age\"\nsex = \"sex\"\nsite = \"site\"\n"
      "skin_type = \"fst\"\n";
  const ReadResult before = read_table(map, table);
  const std::string blocks = words_blocks(before.report);
  for (const char* block :
       {"[words.age]\n\"old\" = \"\"  # 2 samples\n", "[words.sex]\n\"x\" = \"\"  # 2 samples\n",
        "[words.site]\n\"Klingon\" = \"klingon\"  # 1 sample\n", "[words.\"skin type\"]\n"}) {
    EXPECT_THAT(blocks, HasSubstr(block));
  }
  const ReadResult after = read_table(map + blocks, table);
  EXPECT_THAT(after.report.warnings, testing::IsEmpty());
  EXPECT_EQ(words_blocks(after.report), "");
  for (std::size_t i = 0; i < before.samples.size(); ++i) {
    EXPECT_EQ(finding(after.samples[i], "site"), finding(before.samples[i], "site"));
    EXPECT_EQ(after.samples[i].findings.size(), before.samples[i].findings.size());
  }
}

constexpr std::string_view kMine =
    "Nr;Bild;Diagnosis;Patient ID;Alter;Geschlecht;Fitzpatrick;Malignant;Fold;Itch;Note\n"
    "1;a.jpg;MEL;p1;45,5;w;III;True;0;yes;\n"
    "2;b.jpg;NV;p1;85+;m;IV;False;1;no;\n"
    "3;c.jpg;wart;p2;old;m;12;False;1;no;\n";

TEST(ColumnProposal, IsAColumnMapThatReads) {
  DataFolder folder;
  folder.text("cases.csv", kMine);
  folder.text("readme.txt", "nothing\n");
  for (const char* name : {"a", "b", "c"}) folder.picture(std::string("photos/") + name + ".jpg");
  const std::string map = propose_column_map(folder.path(), Field::standard()).toml;
  for (const char* line :
       {"table = \"cases.csv\"", "separator = \";\"", "\nid = \"Nr\"", "\npicture = \"Bild\"",
        "\nlabel = \"Diagnosis\"", "\ngroup = \"Patient ID\"", "\nage = \"Alter\"",
        "not understood: old (1)", "\nsex = \"Geschlecht\"", "\nskin_type = \"Fitzpatrick\"",
        "\nmalignancy = \"Malignant\"", "\nsplit = \"Fold\"", "folders = [\"photos\"]",
        "# \"0\" = \"train\"", "# raw = [\"wart\"]", "# columns = [\"Itch\"]",
        "# Other tables: readme.txt"}) {
    EXPECT_THAT(map, HasSubstr(line));
  }
  folder.text("columns.toml", map);
  const ReadResult result = read_all("generic_csv", folder.input());
  ASSERT_THAT(result.samples, SizeIs(3));
  EXPECT_EQ(result.samples[0].label, test::kMelanoma);
  EXPECT_EQ(finding(result.samples[0], "age"), "45.5");
  EXPECT_EQ(finding(result.samples[0], "sex"), "female");
  EXPECT_EQ(finding(result.samples[2], "skin type"), "Fitzpatrick I or II");
  EXPECT_EQ(result.samples[0].group, "p1");
  EXPECT_THAT(result.samples[0].image_path, HasSubstr("photos/a.jpg"));
}

TEST(ColumnProposal, NamesTheColumnsThatMayHoldTheLabels) {
  DataFolder folder;
  std::string rows = "Nr;Bewertung;Datum;Freitext;Site\n";
  for (int i = 0; i < 30; ++i) {
    rows += fmt::format("{0};{1};2024-01-{2};text {0};{3}\n", i, i % 3 == 0 ? "gut" : "schlecht",
                        i % 5 + 10, i % 2 == 0 ? "Unterarm" : "Klingon");
  }
  folder.text("t.csv", rows);
  const ColumnProposal proposal = propose_column_map(folder.path(), Field::standard());
  constexpr const char* kMissing =
      "no column of labels found, which training needs; candidates: Bewertung (2 values)";
  EXPECT_THAT(proposal.toml, HasSubstr(std::string("# label = \"\"  # ") + kMissing + "\n"));
  EXPECT_THAT(proposal.remarks, testing::ElementsAre(kMissing));
  EXPECT_THAT(proposal.toml, HasSubstr("not understood: Klingon (15)"));
  EXPECT_THAT(proposal.toml, HasSubstr("# [words.site]\n# \"Klingon\" = \"klingon\"  # 15 rows\n"));
  // A free text of a name that labels have too is none.
  folder.text("t.csv", "Befund" + rows.substr(rows.find(';')));
  EXPECT_THAT(propose_column_map(folder.path(), Field::standard()).toml,
              Not(HasSubstr("\nlabel = ")));
}

// What a person would take for missing.
TEST(ColumnProposal, AColumnThatIsNotTakenIsThereWithTheReason) {
  const auto proposed = [](const std::string& header, const std::vector<std::string>& cells) {
    DataFolder folder;
    std::string table = "id;dx;" + header + "\n";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      table += fmt::format("a{};{};{}\n", i, i % 2 == 0 ? "NV" : "MEL", cells[i]);
    }
    folder.text("t.csv", table);
    return propose_column_map(folder.path(), Field::standard()).toml;
  };
  EXPECT_THAT(proposed("Sex", {"1", "2", "1"}),
              HasSubstr("\n# sex = \"Sex\"  # not taken; not understood: 1 (2), 2 (1); say in "
                        "[words.sex] what they mean\n"));
  EXPECT_THAT(proposed("Sexo", {"H", "M", "H"}),
              HasSubstr("\n# sex = \"Sexo\"  # not taken; not understood: H (2), M (1)"));
  EXPECT_THAT(proposed("Gender (m/f)", {"F", "M", "F"}), HasSubstr("\nsex = \"Gender (m/f)\""));
  EXPECT_THAT(proposed("Sexo", {"F", "M", "F"}), HasSubstr("\nsex = \"Sexo\""));
  EXPECT_THAT(proposed("Yrs", {"45", "61", "45"}), HasSubstr("\nage = \"Yrs\""));
  EXPECT_THAT(proposed("N° historia", {"12", "12", "13"}), HasSubstr("\ngroup = \"N° historia\""));
  EXPECT_THAT(proposed("Age", {"old", "young", "old"}),
              HasSubstr("\n# age = \"Age\"  # not taken"));
}

TEST(ColumnProposal, ASizeHasItsUnit) {
  for (const auto& [header, name, unit] :
       {std::array{"size_mm", "size", "mm"}, std::array{"Durchmesser (mm)", "durchmesser", "mm"},
        std::array{"Diameter in cm", "diameter", "cm"}}) {
    DataFolder folder;
    folder.text("t.csv", fmt::format("id;dx;{}\na;NV;3,5\nb;MEL;12\nc;NV;7\n", header));
    EXPECT_THAT(propose_column_map(folder.path(), Field::standard()).toml,
                HasSubstr(fmt::format("# name = \"{}\"\n# columns = [\"{}\"]\n# unit = \"{}\"\n",
                                      name, header, unit)));
  }
  DataFolder folder;
  folder.text("t.csv", "id;dx;camera mm\na;NV;old\nb;MEL;new\nc;NV;old\n");
  EXPECT_THAT(propose_column_map(folder.path(), Field::standard()).toml, Not(HasSubstr("unit =")));
}

struct Header {
  const char* role;
  std::vector<const char*> names;
};

TEST(ColumnProposal, TellsATableWithoutNamesAndClassesWithAColumnEach) {
  const auto remarks = [](const std::string& table) {
    DataFolder folder;
    folder.text("cases.csv", table);
    return propose_column_map(folder.path(), Field::standard()).remarks;
  };
  EXPECT_THAT(remarks("I0,nevus,45\nI1,melanoma,41\nI2,nevus,42\n"),
              testing::Contains(HasSubstr("looks like values ('nevus', '45')")));
  EXPECT_THAT(remarks("image,MEL,NV,BCC\na,1,0,0\nb,0,1,0\nc,0,0,1\n"),
              testing::ElementsAre(HasSubstr("named like classes (MEL, NV, BCC)")));
  EXPECT_THAT(remarks("image_name,age,outcome\na,40,0\nb,41,1\nc,42,0\n"),
              testing::ElementsAre(HasSubstr("candidates: outcome (0 and 1)")));
  EXPECT_THAT(remarks("0,1,2\na,nevus,45\nb,melanoma,46\n"), testing::IsEmpty());
}

TEST(ColumnProposal, KnowsHeadersOfManyLanguages) {
  const std::vector<Header> headers = {
      {"id",
       {"Fallnummer", "Lfd. Nr.", "Bild-ID", "numéro", "identifiant", "caso", "id_imagen", "N.º",
        "identificativo", "volgnummer"}},
      {"picture",
       {"Bild", "Bilddatei", "Dateiname", "Aufnahme", "fichier", "nom_fichier", "archivo", "imagen",
        "imagem", "arquivo", "immagine", "afbeelding", "bestandsnaam"}},
      {"label",
       {"Befund", "Diagnose", "Histologie", "Hauptdiagnose", "Kategorie", "diagnostic", "maladie",
        "pathologie", "diagnóstico", "enfermedad", "hallazgo", "doença", "achado", "diagnosi",
        "malattia", "istologia", "aandoening", "bevinding"}},
      {"group",
       {"Patientennummer",
        "Patienten-Nr.",
        "Pat.-Nr.",
        "Pat_ID",
        "id_patient",
        "numéro_patient",
        "paciente",
        "historia clínica",
        "prontuário",
        "paziente",
        "codice_paziente",
        "patiëntnummer",
        "Patienten-ID",
        "PATIENT-ID (anonym)",
        "Patienten-Kennung",
        "N° patient",
        "identifiant patient",
        "Identifiant du patient",
        "Dossier",
        "IPP",
        "NIP",
        "numero de historia clinica",
        "N.º de historia clínica",
        "paciente_id",
        "Código del paciente",
        "NHC",
        "pacient",
        "id_doente",
        "utente",
        "código do paciente",
        "codice paziente",
        "ID del paziente",
        "cartella clinica",
        "patiënt",
        "patiëntcode",
        "pasient",
        "pasient_id",
        "potilas",
        "pacjent",
        "hasta no",
        "пациент",
        "患者ID",
        "환자번호",
        "MRN",
        "Medical Record No.",
        "subject",
        "subject_code",
        "participant",
        "case id",
        "case_num",
        "group",
        "Lesion ID",
        "Läsion",
        "Läsions-ID",
        "id lésion",
        "lesión_id",
        "id_lesao",
        "codice lesione",
        "laesie_nr",
        "visit_id",
        "accession number",
        "病变编号"}},
      {"age", {"Alter", "Alter (Jahre)", "âge", "edad", "edad (años)", "idade", "età", "leeftijd"}},
      {"sex", {"Geschlecht", "sexe", "genre", "sexo", "gênero", "sesso", "genere", "geslacht"}},
      {"site",
       {"Lokalisation", "Körperregion", "Koerperstelle", "siège", "région", "localización",
        "ubicación", "localização", "região", "sede", "localizzazione", "lichaamsdeel", "locatie"}},
  };
  const std::map<std::string, std::array<const char*, 4>> cells = {
      {"id", {"17", "18", "19", "20"}},      {"picture", {"b1", "b2", "b3", "b3"}},
      {"label", {"aa", "bb", "aa", "cc"}},   {"group", {"p1", "p1", "p2", "p3"}},
      {"age", {"45", "45", "61", "7"}},      {"sex", {"m", "f", "f", "m"}},
      {"site", {"back", "arm", "arm", "x"}},
  };
  for (const Header& header : headers) {
    for (const char* name : header.names) {
      DataFolder folder;
      // An id of its own, but where that is what is looked for.
      std::string table =
          fmt::format("{};{};x2\n", std::string_view(header.role) == "id" ? "x1" : "Nr", name);
      int row = 0;
      for (const char* cell : cells.at(header.role)) table += fmt::format("{};{};q\n", ++row, cell);
      folder.text("t.csv", table);
      EXPECT_THAT(propose_column_map(folder.path(), Field::standard()).toml,
                  HasSubstr(fmt::format("\n{} = \"{}\"", header.role, name)));
    }
  }
}

TEST(ColumnProposal, APersonGoesBeforeAPartOfOneAndACountIsNeither) {
  const auto group = [](const std::string& header, const std::string& rows) {
    DataFolder folder;
    folder.text("t.csv", header + "\n" + rows);
    const std::string map = propose_column_map(folder.path(), Field::standard()).toml;
    const std::size_t at = map.find("\ngroup = \"");
    return at == std::string::npos ? "" : map.substr(at + 9, map.find('\n', at + 1) - at - 9);
  };
  const std::string rows = "1;a;c1;p1\n2;b;c1;p1\n3;b;c2;p2\n";
  EXPECT_THAT(group("Nr;lesion_id;case id;id_paciente", rows), HasSubstr("\"id_paciente\""));
  EXPECT_THAT(group("Nr;id_lesion;case id;x", rows), HasSubstr("\"id_lesion\""));
  EXPECT_THAT(group("Nr;x;case id;y", rows), HasSubstr("\"case id\""));
  // A case a row keeps nothing together.
  EXPECT_EQ(group("Nr;case id;x", "1;a;q\n2;b;q\n3;c;q\n"), "");
  for (const char* name : {"Patientenalter", "patient_age", "patient sex", "number of lesions",
                           "lesion size", "n_lesiones", "Anzahl Läsionen", "patient phone",
                           "lesion_type_2", "personal history", "subjective"}) {
    EXPECT_EQ(group(std::string("Nr;") + name + ";x", "1;4;q\n2;4;q\n3;5;q\n"), "") << name;
  }
  DataFolder folder;
  folder.text("t.csv", "Nr;x\n1;a\n2;a\n");
  EXPECT_THAT(propose_column_map(folder.path(), Field::standard()).toml,
              HasSubstr("# group = \"\"  # no column of patients or cases found"));
}

TEST(ColumnProposal, HostileNamesAndValuesStayInTheirPlace) {
  DataFolder folder;
  folder.text(
      "x.csv",
      "\"a\"\"b\\\",\"dx\nid = \"\"evil\"\"\",photo\n1,\"MEL\n[columns]\",p.jpg\n2,\"\"\"\"\"\",q.jpg\n");
  const std::string map = propose_column_map(folder.path() / "x.csv", Field::standard()).toml;
  folder.text("columns.toml", map);
  AdapterInput input = folder.input();
  input.tables_only = true;
  EXPECT_THAT(read_all("generic_csv", input).samples, SizeIs(2)) << map;
  EXPECT_THAT(map, Not(HasSubstr("\nid = \"evil\"")));
}

TEST(ColumnProposal, SaysWhereThereIsNoTable) {
  DataFolder folder;
  EXPECT_THROW(propose_column_map(folder.path(), Field::standard()), UsageError);
  EXPECT_THROW(propose_column_map(folder.path() / "none", Field::standard()), UsageError);
  folder.text("a.csv", "");
  EXPECT_THROW(propose_column_map(folder.path(), Field::standard()), InputError);
}

}  // namespace
}  // namespace epicrisis::test
