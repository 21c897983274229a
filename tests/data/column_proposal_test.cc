// The column map that is proposed for a table.

#include "epicrisis/data/column_proposal.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <map>

#include "data/read_support.h"
#include "epicrisis/core/error.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kMine =
    "Nr;Bild;Diagnosis;Patient ID;Alter;Geschlecht;Fitzpatrick;Malignant;Fold;Itch;Note\n"
    "1;a.jpg;MEL;p1;45,5;w;III;True;0;yes;\n"
    "2;b.jpg;NV;p1;85+;m;IV;False;1;no;\n"
    "3;c.jpg;wart;p2;old;m;12;False;1;no;\n";

TEST(ColumnProposal, IsAColumnMapThatReads) {
  DataFolder folder;
  folder.text("cases.csv", kMine);
  folder.text("readme.txt", "nothing\n");
  folder.text("zones.csv", "zone,rooms\nA,3\n");
  for (const char* name : {"a", "b", "c"}) folder.picture(std::string("photos/") + name + ".jpg");
  const std::string map = propose_column_map(folder.path(), Field::standard()).toml;
  for (const char* line :
       {"table = \"cases.csv\"", "separator = \";\"", "\nid = \"Nr\"", "\npicture = \"Bild\"",
        "\nlabel = \"Diagnosis\"", "\ngroup = \"Patient ID\"", "\nage = \"Alter\"",
        "not understood: old (1)", "\nsex = \"Geschlecht\"", "\nskin_type = \"Fitzpatrick\"",
        "\nmalignancy = \"Malignant\"", "\nsplit = \"Fold\"", "folders = [\"photos\"]",
        "# \"0\" = \"train\"  # 1 row;", "# raw = [\"wart\"]  # 1 row\n", "# columns = [\"Itch\"]",
        "# Other tables: zones.csv\n"}) {
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

TEST(ColumnProposal, PicturesBehindALinkAreFound) {
  DataFolder folder;
  folder.text("t.csv", "id;dx\na;NV\nb;MEL\n");
  TemporaryFolder elsewhere;
  write_file(elsewhere.path() / "a.jpg", "");
  write_file(elsewhere.path() / "deep/b.jpg", "");
  std::filesystem::create_directory_symlink(elsewhere.path(), folder.path() / "fotos");
  EXPECT_THAT(propose_column_map(folder.path(), Field::standard()).toml,
              HasSubstr("folders = [\"fotos\"]  # pictures: 2 in fotos\nrecursive = true\n"));
  // A link to what is there anyway is no other folder.
  folder.picture("more/c.jpg");
  std::filesystem::create_directory_symlink("more", folder.path() / "once more");
  EXPECT_THAT(propose_column_map(folder.path(), Field::standard()).toml,
              HasSubstr("folders = [\"fotos\", \"more\"]"));
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

// "Größe" became "große", another word, since names were taken without their accents.
TEST(ColumnProposal, AFindingKeepsTheLettersOfItsColumn) {
  const std::map<std::string, std::string> names = {
      {"Größe", "grösse"},
      {"ENTZÜNDUNG", "entzündung"},
      {"Número_de_lesiones", "número de lesiones"},
      {"Évolution", "évolution"},
      {"Świąd", "świąd"},
      {"Kaşıntı", "kaşıntı"},
      {"size_mm", "size mm"},
  };
  for (const auto& [header, name] : names) {
    DataFolder folder;
    folder.text("t.csv", fmt::format("id;dx;{}\na;NV;old\nb;MEL;new\nc;NV;old\n", header));
    EXPECT_THAT(propose_column_map(folder.path(), Field::standard()).toml,
                HasSubstr(fmt::format("# name = \"{}\"\n# columns = [\"{}\"]\n", name, header)));
  }
}

TEST(ColumnProposal, ASizeHasItsUnit) {
  for (const auto& [header, name, unit] :
       {std::array{"size_mm", "size", "mm"}, std::array{"Durchmesser (mm)", "durchmesser", "mm"},
        std::array{"Diameter in cm", "diameter", "cm"}, std::array{"Größe mm", "grösse", "mm"},
        std::array{"Épaisseur (µm)", "épaisseur", "µm"}}) {
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

// Names of several words; the cells say what the column holds, but of labels, which nobody knows.
TEST(ColumnProposal, KnowsHeadersMadeOfSeveralWords) {
  const std::vector<Header> headers = {
      {"age",
       {"Alter bei Aufnahme", "Alter bei Diagnose", "Alter_des_Patienten_in_Jahren",
        "age at diagnosis", "Age of the patient (years)", "âge au diagnostic",
        "Âge du patient (ans)", "Edad al diagnóstico", "Edad del paciente en años",
        "età alla diagnosi", "Età del paziente", "Idade no diagnóstico", "idade do paciente",
        "leeftijd bij diagnose", "Leeftijd van de patiënt", "Wiek w chwili rozpoznania",
        "Wiek pacjenta (lata)", "Tanı yaşı", "Hastanın yaşı"}},
      {"sex",
       {"Geschlecht des Patienten", "sexe du patient", "Sexo del paciente", "sesso del paziente",
        "sexo do doente", "geslacht van de patiënt", "Płeć pacjenta", "Hastanın cinsiyeti"}},
      {"site",
       {"Localización anatómica", "Localización de la lesión", "Lokalisation der Läsion",
        "anatomische Lokalisation", "localisation anatomique", "Siège de la lésion",
        "sede anatomica", "Localizzazione della lesione", "Localização da lesão",
        "anatomische locatie", "Lokalizacja zmiany", "Lokalizacja anatomiczna",
        "Lezyonun yerleşimi", "Anatomik bölge", "body location", "Lesion location"}},
      {"label",
       {"Diagnóstico histológico", "Histologische Diagnose", "diagnostic histologique",
        "diagnosi istologica", "Diagnóstico histopatológico", "histologische diagnose",
        "Rozpoznanie histopatologiczne", "Histopatolojik tanı", "klinische Diagnose",
        "Diagnose der Läsion", "diagnostic clinique", "Diagnóstico clínico", "diagnosi clinica",
        "Rozpoznanie kliniczne", "Klinik tanı", "Histopathological diagnosis", "rozpoznanie",
        "tanı"}},
  };
  const std::map<std::string, std::array<const char*, 4>> cells = {
      {"age", {"45", "45", "61", "7"}},
      {"sex", {"m", "f", "f", "m"}},
      {"site", {"back", "arm", "arm", "x"}},
      {"label", {"aa", "bb", "aa", "cc"}},
  };
  const auto proposed = [&](const std::string& role, const std::string& name) {
    DataFolder folder;
    std::string table = fmt::format("Nr;{};x2\n", name);
    int row = 0;
    for (const char* cell : cells.at(role)) table += fmt::format("{};{};q\n", ++row, cell);
    folder.text("t.csv", table);
    return propose_column_map(folder.path(), Field::standard()).toml;
  };
  for (const Header& header : headers) {
    for (const char* name : header.names) {
      EXPECT_THAT(proposed(header.role, name),
                  HasSubstr(fmt::format("\n{} = \"{}\"", header.role, name)));
    }
  }
  // Words within others, and what such names say of something else.
  const std::vector<Header> others = {
      {"age",
       {"image of the patient", "stage", "dosage", "percentage", "average", "Lage", "alternative",
        "Diagnosealter der Mutter", "years since diagnosis", "malignidade", "idade da mãe",
        "age of onset", "wiek matki", "dieta"}},
      {"sex", {"sex of the partner", "sexual history"}},
      {"site", {"hospital location", "study site", "sample region", "localisation confidence"}},
      {"label",
       {"diagnosis date", "Nebendiagnose", "Differentialdiagnose", "diagnosis method",
        "diagnostic confidence", "Diagnosedatum", "fecha del diagnóstico", "tanı tarihi",
        "family diagnosis"}},
  };
  for (const Header& header : others) {
    for (const char* name : header.names) {
      EXPECT_THAT(proposed(header.role, name),
                  Not(HasSubstr(fmt::format("\n{} = \"", header.role))))
          << name;
    }
  }
}

TEST(ColumnProposal, ADiagnosisThatIsProvenGoesBeforeAnotherAndKnownLabelsBeforeBoth) {
  const auto label = [](const std::string& header, const std::string& rows) {
    DataFolder folder;
    folder.text("t.csv", header + "\n" + rows);
    const std::string map = propose_column_map(folder.path(), Field::standard()).toml;
    const std::size_t at = map.find("\nlabel = \"");
    return at == std::string::npos ? "" : map.substr(at + 10, map.find('"', at + 10) - at - 10);
  };
  const std::string header = "Nr;clinical diagnosis;histological diagnosis;x";
  EXPECT_EQ(label(header, "1;aa;bb;q\n2;aa;bb;q\n"), "histological diagnosis");
  EXPECT_EQ(label(header, "1;MEL;MEL;MEL\n2;NV;NV;NV\n"), "histological diagnosis");
  EXPECT_EQ(label(header, "1;aa;bb;MEL\n2;aa;bb;NV\n"), "x");
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

// A map was proposed that read nothing.
TEST(ColumnProposal, SaysOfATextThatItIsNoTable) {
  const auto said = [](const std::string& file, const std::string& text, bool in_folder) {
    DataFolder folder;
    folder.text(file, text);
    try {
      return propose_column_map(in_folder ? folder.path() : folder.path() / file, Field::standard())
          .toml;
    } catch (const Error& error) {
      return std::string("error: ") + error.what();
    }
  };
  for (const bool in_folder : {false, true}) {
    EXPECT_THAT(said("readme.txt", "Pictures of a clinic\n", in_folder),
                AllOf(HasSubstr("error: "), HasSubstr("readme.txt: there is no row below")));
    EXPECT_THAT(said("t.csv", "id,dx,age\n", in_folder), HasSubstr("no row below"));
    EXPECT_THAT(said("readme.txt", "Pictures of a clinic\nof last year\n", in_folder),
                AllOf(HasSubstr("error: "), HasSubstr("a text and no table")));
    // One column may be a table all the same.
    EXPECT_THAT(said("t.csv", "case\n1\n2\n", in_folder), HasSubstr("\nid = \"case\""));
    EXPECT_THAT(said("t.csv", "x\na.jpg\nb.jpg\n", in_folder), HasSubstr("\nid = \"x\""));
  }
  for (const char* text : {"no picture\n", "no picture\nbut a text\n", "id,dx\n1,NV\n"}) {
    EXPECT_THAT(said("a.jpg", text, false), HasSubstr("error: "));
    EXPECT_THAT(said("a.jpg", text, false), HasSubstr("called as a picture"));
  }
}

}  // namespace
}  // namespace epicrisis::test
