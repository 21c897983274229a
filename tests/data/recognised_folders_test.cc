// Which published set a folder a class is, and when it is nobody's but the user's own.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <map>

#include "data/read_support.h"
#include "epicrisis/core/error.h"
#include "epicrisis/data/adapter_choice.h"

namespace epicrisis::test {
namespace {

using ::testing::SizeIs;

TEST(PublishedSets, AFolderAClassIsNotTakenForAnother) {
  DataFolder own;
  own.picture("nevus/1.jpg");
  own.picture("melanoma/2.jpg");
  own.picture("Basal_Cell_Carcinoma/3.jpg");
  for (const char* name : {"sd198", "dermnet", "daffodil", "skinl2", "fluo_sc", "med_node"}) {
    bool recognised = false;
    try {
      recognised = adapter(name).recognises(own.input());
    } catch (const Error&) {
    }
    EXPECT_FALSE(recognised) << name;
  }
  DataFolder mednode;
  mednode.picture("complete_mednode_dataset/melanoma/896.jpg");
  mednode.picture("complete_mednode_dataset/naevus/1144528.jpg");
  EXPECT_TRUE(adapter("med_node").recognises(mednode.input()));
  // A third folder would be left out.
  for (int i = 0; i < 3; ++i) mednode.picture(fmt::format("bcc/{}.jpg", i));
  EXPECT_FALSE(adapter("med_node").recognises(mednode.input()));
  DataFolder dermnet;
  dermnet.picture("train/Acne and Rosacea Photos/07Acne081101.jpg");
  dermnet.picture("train/Melanoma Skin Cancer Nevi and Moles/malignant-melanoma-12.jpg");
  EXPECT_TRUE(adapter("dermnet").recognises(dermnet.input()));
  EXPECT_FALSE(adapter("sd198").recognises(dermnet.input()));
}

// Names of diseases stand in the label maps of several sets, and in anybody's folders.
TEST(PublishedSets, FoldersNamedAfterDiseasesAreTheUsersOwn) {
  const std::vector<std::vector<std::string>> sets = {
      {"Basal_Cell_Carcinoma", "Malignant_Melanoma", "Nevus"},
      {"basal cell carcinoma", "malignant melanoma", "nevus", "seborrheic keratosis"},
      {"Basal_Cell_Carcinoma", "Malignant_Melanoma", "Nevus", "Fibroma", "Nevus_Incipiens"},
      {"Blue_Nevus", "Dysplastic_Nevus", "Basal_Cell_Carcinoma", "Seborrheic_Keratosis", "nevus"},
      {"melanoma", "nevus"},
      {"hemangioma", "dermatofibroma", "lentigo-maligna", "blue-nevus", "nevus"},
  };
  for (const char* before : {"", "images/", "train/", "Data/My Set/"}) {
    for (const std::vector<std::string>& folders : sets) {
      DataFolder own;
      for (const std::string& folder : folders) own.picture(before + folder + "/1.jpg");
      for (const char* name : {"sd198", "dermnet", "med_node"}) {
        bool recognised = false;
        try {
          recognised = adapter(name).recognises(own.input());
        } catch (const Error&) {
        }
        EXPECT_FALSE(recognised) << name << " " << before << folders.front();
      }
    }
  }
}

TEST(PublishedSets, FoldersOfAPublishedSetsOwnNamesAreThatSet) {
  DataFolder sd;
  for (const char* name :
       {"Nevus_Incipiens", "Junction_Nevus", "Malignant_Melanoma", "Mal_Perforans",
        "Actinic_solar_Damage(Pigmentation)", "Psoriasis", "Steroid_Acne"}) {
    sd.picture(fmt::format("SD198/images/{}/000493HB.jpg", name));
  }
  EXPECT_TRUE(adapter("sd198").recognises(sd.input()));
  EXPECT_FALSE(adapter("dermnet").recognises(sd.input()));
  EXPECT_EQ(sure_adapter(sd.input()).name(), "sd198");
}

// Most names of its folders are those of diseases; its files have names of their own.
TEST(PublishedSets, APartOfAPublishedSetIsThatSet) {
  EPICRISIS_NEEDS_SHARED_DATA();
  std::map<std::string, std::vector<std::string>> files;  // by folder
  std::ifstream list(shared_folder() / "data/metadata_only/sd198/file_list.txt");
  for (std::string line; std::getline(list, line);) {
    if (!line.empty()) files[line.substr(0, line.find('/'))].push_back(line);
  }
  ASSERT_THAT(files, SizeIs(27));
  DataFolder whole;
  for (const auto& [folder, names] : files) {
    for (const std::string& name : names) whole.picture("SD-198/images/" + name + ".jpg");
  }
  EXPECT_EQ(sure_adapter(whole.input()).name(), "sd198");
  for (const std::vector<std::string>& part :
       {std::vector<std::string>{"Angioma", "Malignant_Melanoma"},
        {"Acne_Vulgaris", "Psoriasis", "Nevus_Spilus"},
        {"Basal_Cell_Carcinoma", "Pyogenic_Granuloma", "Rosacea"}}) {
    DataFolder own_files;
    DataFolder renamed;
    DataFolder anybodys;
    for (const std::string& folder : part) {
      for (const std::string& name : files.at(folder)) own_files.picture(name + ".jpg");
      renamed.picture("SD-198/images/" + folder + "/1.jpg");
      anybodys.picture("pictures/" + folder + "/1.jpg");
    }
    EXPECT_EQ(sure_adapter(own_files.input()).name(), "sd198") << part.front();
    EXPECT_EQ(sure_adapter(renamed.input()).name(), "sd198") << part.front();
    EXPECT_FALSE(adapter("sd198").recognises(anybodys.input())) << part.front();
  }
  // Its pictures in somebody's own folders.
  DataFolder sorted;
  sorted.picture("SD-198/mel/000493HB.jpg");
  sorted.picture("SD-198/nv/005138HB.jpg");
  EXPECT_EQ(sure_adapter(sorted.input()).name(), "imagefolder");
}

}  // namespace
}  // namespace epicrisis::test
