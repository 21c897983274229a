#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/tensor/npy.h"
#include "epicrisis/tensor/safetensors.h"
#include "model/encoders/image/image_encoder_torch.h"
#include "model/encoders/image/image_layers_torch.h"
#include "model/encoders/image/vit_names.h"
#include "model/formula.h"
#include "model/relative_error.h"
#include "model/tensors_torch.h"

namespace epicrisis {
namespace {

using test::formula_pictures;
using test::relative_error;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Path kVitData = Path(EPICRISIS_SOURCE_DIR) / "tests/model/data";

// Folders that make_vit_expectations.py wrote with the publishers' own programs.
class PublishedVit : public ::testing::TestWithParam<const char*> {};

TEST_P(PublishedVit, GivesTheFeaturesOfItsPublisher) {
  const Path folder = kVitData / ("vit_" + std::string(GetParam()));
  const auto encoder = load_image_encoder(folder.string());
  encoder->eval();
  const torch::NoGradGuard no_grad;
  const torch::Tensor expected = to_torch(read_npy_matrix(folder / "expected.npy"));
  const torch::Tensor x = formula_pictures(32, 32);
  const double error = relative_error(encoder->forward(x), expected);
  EXPECT_LT(error, 1e-5);
  RecordProperty("fp32", fmt::format("{}", error));
  const Path other = folder / "expected_other.npy";  // positions of another grid, timm's alone
  if (std::filesystem::exists(other)) {
    const double resampled = relative_error(encoder->forward(formula_pictures(40, 24)),
                                            to_torch(read_npy_matrix(other)));
    EXPECT_LT(resampled, 1e-5);
    RecordProperty("resampled", fmt::format("{}", resampled));
  }
  fold_batch_norm(*encoder);  // there is none, and nothing changes
  const torch::Tensor last = x.contiguous(torch::MemoryFormat::ChannelsLast);
  EXPECT_LT(relative_error(encoder->forward(last), expected), 1e-5);
  encoder->to(torch::kBFloat16);
  const torch::Tensor rounded = encoder->forward(x.to(torch::kBFloat16));
  EXPECT_EQ(rounded.scalar_type(), torch::kFloat32);
  EXPECT_LT(relative_error(rounded, expected), .05);
  RecordProperty("bf16", fmt::format("{}", relative_error(rounded, expected)));
}

INSTANTIATE_TEST_SUITE_P(All, PublishedVit,
                         ::testing::Values("timm", "timm_clip", "timm_registers", "timm_mean",
                                           "hf_vit", "hf_dinov2", "hf_dinov2_registers", "hf_clip",
                                           "hf_clip_vision", "open_clip", "open_clip_trunk",
                                           "panderm", "dermlip_panderm"),
                         [](const auto& info) { return std::string(info.param); });

std::vector<std::string> remarks_of(const std::string& name) {
  std::vector<std::string> remarks;
  load_image_encoder((kVitData / ("vit_" + name)).string(), 0, &remarks);
  return remarks;
}

TEST(Vit, TellsOfTheTowersOfWholeModels) {
  EXPECT_THAT(remarks_of("hf_clip"), ElementsAre(HasSubstr("below 'vision_model' are read")));
  EXPECT_THAT(remarks_of("open_clip"), ElementsAre(HasSubstr("below 'visual' are read")));
  EXPECT_THAT(remarks_of("open_clip_trunk"),
              ElementsAre(HasSubstr("below 'visual.trunk' are read")));
  EXPECT_THAT(remarks_of("hf_clip_vision"), IsEmpty());
  EXPECT_THAT(remarks_of("timm"), IsEmpty());
}

TEST(VitNames, OfEveryPublisherBecomeTimms) {
  const std::pair<const char*, const char*> cases[] = {
      // Hugging Face, ViT and DINOv2
      {"embeddings.cls_token", "cls_token"},
      {"embeddings.mask_token", "mask_token"},
      {"embeddings.position_embeddings", "pos_embed"},
      {"embeddings.register_tokens", "reg_token"},
      {"embeddings.patch_embeddings.projection.weight", "patch_embed.proj.weight"},
      {"encoder.layer.0.layernorm_before.weight", "blocks.0.norm1.weight"},
      {"encoder.layer.11.layernorm_after.bias", "blocks.11.norm2.bias"},
      {"encoder.layer.1.attention.attention.query.weight", "blocks.1.attn.q.weight"},
      {"encoder.layer.1.attention.attention.key.bias", "blocks.1.attn.k.bias"},
      {"encoder.layer.1.attention.attention.value.weight", "blocks.1.attn.v.weight"},
      {"encoder.layer.1.attention.output.dense.weight", "blocks.1.attn.proj.weight"},
      {"encoder.layer.1.intermediate.dense.weight", "blocks.1.mlp.fc1.weight"},
      {"encoder.layer.1.output.dense.bias", "blocks.1.mlp.fc2.bias"},
      {"encoder.layer.2.norm1.weight", "blocks.2.norm1.weight"},
      {"encoder.layer.2.layer_scale1.lambda1", "blocks.2.ls1.gamma"},
      {"encoder.layer.2.layer_scale2.lambda1", "blocks.2.ls2.gamma"},
      {"encoder.layer.2.mlp.fc1.weight", "blocks.2.mlp.fc1.weight"},
      {"layers.3.attention.q_proj.weight", "blocks.3.attn.q.weight"},
      {"layers.3.attention.o_proj.bias", "blocks.3.attn.proj.bias"},
      {"layernorm.weight", "norm.weight"},
      // Hugging Face, CLIP
      {"embeddings.class_embedding", "cls_token"},
      {"embeddings.position_embedding.weight", "pos_embed"},
      {"embeddings.patch_embedding.weight", "patch_embed.proj.weight"},
      {"embeddings.position_ids", "position_ids"},
      {"pre_layrnorm.weight", "norm_pre.weight"},
      {"post_layernorm.bias", "norm.bias"},
      {"encoder.layers.4.self_attn.k_proj.weight", "blocks.4.attn.k.weight"},
      {"encoder.layers.4.self_attn.out_proj.weight", "blocks.4.attn.proj.weight"},
      {"encoder.layers.4.layer_norm2.weight", "blocks.4.norm2.weight"},
      {"encoder.layers.4.mlp.fc2.bias", "blocks.4.mlp.fc2.bias"},
      // open_clip
      {"class_embedding", "cls_token"},
      {"positional_embedding", "pos_embed"},
      {"conv1.weight", "patch_embed.proj.weight"},
      {"ln_pre.weight", "norm_pre.weight"},
      {"ln_post.bias", "norm.bias"},
      {"transformer.resblocks.5.ln_1.weight", "blocks.5.norm1.weight"},
      {"transformer.resblocks.5.attn.in_proj_weight", "blocks.5.attn.qkv.weight"},
      {"transformer.resblocks.5.attn.in_proj_bias", "blocks.5.attn.qkv.bias"},
      {"transformer.resblocks.5.attn.out_proj.bias", "blocks.5.attn.proj.bias"},
      {"transformer.resblocks.5.mlp.c_fc.weight", "blocks.5.mlp.fc1.weight"},
      {"transformer.resblocks.5.mlp.c_proj.weight", "blocks.5.mlp.fc2.weight"},
      {"transformer.resblocks.5.ls_2.gamma", "blocks.5.ls2.gamma"},
      // DINOv2's authors
      {"register_tokens", "reg_token"},
      // PanDerm's
      {"blocks.5.gamma_1", "blocks.5.ls1.gamma"},
      {"blocks.5.gamma_2", "blocks.5.ls2.gamma"},
      {"blocks.5.attn.q_bias", "blocks.5.attn.q_bias"},
      // timm's own, and what is none of these
      {"cls_token", "cls_token"},
      {"blocks.5.attn.qkv.weight", "blocks.5.attn.qkv.weight"},
      {"norm_pre.weight", "norm_pre.weight"},
      {"layernorm", "layernorm"},
      {"positional_embedding.weight", "positional_embedding.weight"},
      {"encoder.layer.x.norm1.weight", "encoder.layer.x.norm1.weight"},
      {"encoder.layer.1", "encoder.layer.1"},
      {"encoder.layer.1.crossattention.self.query.weight",
       "encoder.layer.1.crossattention.self.query.weight"},
      {"", ""}};
  for (const auto& [published, own] : cases) EXPECT_EQ(timm_vit_name(published), own) << published;
}

ImageEncoderConfig tiny_vit() {
  ImageEncoderConfig config;
  config.architecture = kVitOfSizes;
  config.input_size = 32;
  config.feature_dim = 8;
  VitForm& form = config.vit.emplace();
  form.patch = 8;
  form.width = 8;
  form.layers = 2;
  form.heads = 2;
  form.hidden = 12;
  form.grid = 4;
  return config;
}

std::shared_ptr<ImageEncoderModule> shaken(const ImageEncoderConfig& config) {
  auto encoder = make_image_encoder(config, 0);
  const torch::NoGradGuard no_grad;
  for (auto& item : encoder->named_parameters()) {
    const auto values =
        test::formula(item.key(), item.value().numel(), .7, item.value().dim() == 1 ? .5 : 0);
    item.value().copy_(torch::tensor(values).view(item.value().sizes()));
  }
  return encoder;
}

using Tensors = std::map<std::string, torch::Tensor>;

// A model's folder whose tensors are named by `rename` out of timm's.
class VitFolder : public ::testing::Test {
 protected:
  using Rename = std::function<std::string(const std::string&)>;

  std::string write(const ImageEncoderConfig& config, const Tensors& state) {
    write_file(folder_.path() / "config.json", dump_json(to_json(config)));
    std::vector<NamedTensor> tensors;
    Tensors dense;
    for (const auto& [name, tensor] : state) dense[name] = tensor.detach().contiguous();
    for (const auto& [name, tensor] : dense) {
      const auto* bytes = static_cast<const std::byte*>(tensor.data_ptr());
      tensors.push_back({name,
                         {from_torch_type(tensor.scalar_type()), tensor.sizes().vec(),
                          std::span(bytes, tensor.nbytes())}});
    }
    write_safetensors(folder_.path() / "model.safetensors", tensors);
    return folder_.path().string() + "/";
  }

  std::string error_of(const ImageEncoderConfig& config, const Tensors& state) {
    try {
      load_image_encoder(write(config, state));
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryFolder folder_;
};

using Words = std::vector<std::pair<std::string, std::string>>;  // timm's, theirs

std::string reworded(std::string name, const Words& words) {
  for (const auto& [ours, theirs] : words) {
    const std::size_t at = name.find(ours);
    if (at != std::string::npos && (at == 0 || name[at - 1] == '.')) {
      name.replace(at, ours.size(), theirs);
    }
  }
  return name;
}

// How a publisher has timm's tensors.
struct Publisher {
  const char* name;
  std::string prefix;
  Words words;                      // one after another
  std::vector<std::string> apart;   // of query, key and value; empty: in one
  std::vector<std::string> others;  // names beside the tower
  bool flat;                        // tokens [D], positions [N, D]
  bool pre_norm;                    // which parts its models may have
  bool layer_scale;
  std::int64_t registers;
};

Tensors published(const Tensors& state, const Publisher& publisher) {
  Tensors out;
  for (const auto& [name, tensor] : state) {
    torch::Tensor value = tensor;
    if (publisher.flat && name == "cls_token") value = tensor.view({-1});
    if (publisher.flat && name == "pos_embed") value = tensor.squeeze(0);
    const bool three = name.find("attn.qkv.") != std::string::npos && !publisher.apart.empty();
    for (std::size_t i = 0; i < (three ? 3 : 1); ++i) {
      Words words = publisher.words;
      if (three) words.insert(words.begin(), {"attn.qkv", publisher.apart[i]});
      out[publisher.prefix + reworded(name, words)] = three ? value.chunk(3)[i] : value;
    }
  }
  for (const std::string& other : publisher.others) out[other] = torch::ones({2, 2});
  return out;
}

const Publisher kPublishers[] = {
    {"timm", "", {}, {}, {"head.weight", "head.bias"}, false, true, true, 3},
    {"a training of timm's", "module.model.", {}, {}, {}, false, true, true, 3},
    {"the authors of DINOv2",
     "",
     {{"reg_token", "register_tokens"}},
     {},
     {"mask_token"},
     false,
     false,
     true,
     3},
    {"Hugging Face's ViT and DINOv2",
     "vit.",
     {{"cls_token", "embeddings.cls_token"},
      {"pos_embed", "embeddings.position_embeddings"},
      {"reg_token", "embeddings.register_tokens"},
      {"patch_embed.proj", "embeddings.patch_embeddings.projection"},
      {"norm1", "layernorm_before"},
      {"norm2", "layernorm_after"},
      {"attn.proj", "attention.output.dense"},
      {"mlp.fc1", "intermediate.dense"},
      {"mlp.fc2", "output.dense"},
      {"ls1.gamma", "layer_scale1.lambda1"},
      {"ls2.gamma", "layer_scale2.lambda1"},
      {"norm.", "layernorm."},
      {"blocks.", "encoder.layer."}},
     {"attention.attention.query", "attention.attention.key", "attention.attention.value"},
     {"classifier.weight", "vit.embeddings.mask_token", "vit.pooler.dense.weight"},
     false,
     false,
     true,
     3},
    {"Hugging Face's CLIP",
     "vision_model.",
     {{"cls_token", "embeddings.class_embedding"},
      {"pos_embed", "embeddings.position_embedding.weight"},
      {"patch_embed.proj", "embeddings.patch_embedding"},
      {"norm1", "layer_norm1"},
      {"norm2", "layer_norm2"},
      {"attn.proj", "self_attn.out_proj"},
      {"norm_pre", "pre_layrnorm"},
      {"norm.", "post_layernorm."},
      {"blocks.", "encoder.layers."}},
     {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"},
     {"logit_scale", "text_projection.weight", "visual_projection.weight",
      "text_model.embeddings.position_embedding.weight", "vision_model.embeddings.position_ids",
      "text_model.encoder.layers.0.self_attn.q_proj.weight",
      "text_model.encoder.layers.2.layer_norm1.weight"},
     true,
     true,
     false,
     0},
    {"open_clip",
     "visual.",
     {{"cls_token", "class_embedding"},
      {"pos_embed", "positional_embedding"},
      {"patch_embed.proj", "conv1"},
      {"norm1", "ln_1"},
      {"norm2", "ln_2"},
      {"attn.qkv.", "attn.in_proj_"},
      {"attn.proj", "attn.out_proj"},
      {"mlp.fc1", "mlp.c_fc"},
      {"mlp.fc2", "mlp.c_proj"},
      {"ls1.gamma", "ls_1.gamma"},
      {"ls2.gamma", "ls_2.gamma"},
      {"norm_pre", "ln_pre"},
      {"norm.", "ln_post."},
      {"blocks.", "transformer.resblocks."}},
     {},
     {"visual.proj", "logit_scale", "positional_embedding", "token_embedding.weight",
      "transformer.resblocks.0.ln_1.weight", "transformer.resblocks.3.attn.in_proj_weight",
      "ln_final.weight", "text_projection"},
     true,
     true,
     true,
     0},
    {"open_clip with timm's",
     "visual.trunk.",
     {},
     {},
     {"visual.head.proj.weight", "logit_scale", "text.proj.0.weight",
      "text.transformer.encoder.layer.0.attention.self.query.weight",
      "text.transformer.encoder.layer.0.output.dense.weight"},
     false,
     true,
     true,
     3}};

TEST_F(VitFolder, HasTheSameFeaturesUnderEveryPublishersNames) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor x = formula_pictures(32, 32);
  for (const Publisher& publisher : kPublishers) {
    ImageEncoderConfig config = tiny_vit();
    config.vit->pre_norm = publisher.pre_norm;
    config.vit->layer_scale = publisher.layer_scale;
    config.vit->registers = publisher.registers;
    config.vit->activation = VitActivation::kQuickGelu;
    const auto encoder = shaken(config);
    const Tensors tensors = published(state_dict(*encoder), publisher);
    std::shared_ptr<ImageEncoderModule> loaded;
    ASSERT_NO_THROW(loaded = load_image_encoder(write(config, tensors))) << publisher.name;
    EXPECT_TRUE(torch::equal(loaded->forward(x), encoder->forward(x))) << publisher.name;
  }
}

// What the weights have and config.json does not say.
TEST_F(VitFolder, TakesItsFormFromTheWeights) {
  ImageEncoderConfig config = tiny_vit();
  config.vit->layer_scale = true;
  config.vit->registers = 2;
  config.vit->grid = 3;
  config.vit->class_position = false;
  config.vit->mean_of_patches = true;
  const auto encoder = shaken(config);
  const auto loaded = load_image_encoder(write(tiny_vit(), state_dict(*encoder)));
  EXPECT_EQ(*loaded->config().vit, *config.vit);
  const torch::NoGradGuard no_grad;
  const torch::Tensor x = formula_pictures(32, 40);
  EXPECT_TRUE(torch::equal(loaded->forward(x), encoder->forward(x)));
}

TEST_F(VitFolder, ErrorsNameWhatDoesNotFit) {
  const ImageEncoderConfig config = tiny_vit();
  const Tensors whole = state_dict(*shaken(config));
  EXPECT_EQ(error_of(config, whole), "no error");
  Tensors tensors = whole;
  tensors.erase("blocks.1.mlp.fc2.bias");
  EXPECT_THAT(error_of(config, tensors), HasSubstr("blocks.1.mlp.fc2.bias"));
  tensors = whole;
  tensors["pos_embed"] = torch::zeros({1, 12, 8});
  EXPECT_THAT(error_of(config, tensors),
              HasSubstr("pos_embed: the file has [1, 12, 8], the model [1, 17, 8]"));
  ImageEncoderConfig other = config;
  other.vit->pre_norm = true;
  EXPECT_THAT(error_of(other, whole), HasSubstr("norm_pre.weight"));
  other = config;
  other.vit->heads = 3;
  EXPECT_THAT(error_of(other, whole), HasSubstr("'heads' is 3, which does not divide the width 8"));

  tensors = published(whole, kPublishers[3]);  // query, key and value apart
  const std::string key = "vit.encoder.layer.1.attention.attention.key.weight";
  ASSERT_EQ(tensors.erase(key), 1U);
  EXPECT_THAT(error_of(config, tensors), HasSubstr("'blocks.1.attn.k.weight' is not there"));
  tensors[key] = torch::zeros({4, 8});
  EXPECT_THAT(error_of(config, tensors), HasSubstr("F32 [4, 8]"));
  tensors = published(whole, kPublishers[3]);
  tensors["vit.blocks.0.attn.qkv.weight"] = torch::zeros({24, 8});
  EXPECT_THAT(error_of(config, tensors), HasSubstr("are both there"));
  tensors = whole;
  tensors["cls_token"] = torch::zeros({});
  EXPECT_THAT(error_of(config, tensors), HasSubstr("cls_token: the file has []"));
  tensors = whole;
  tensors["pos_embed"] = torch::zeros({1, 1 << 22, 0});  // more than a grid has
  EXPECT_THAT(error_of(config, tensors), HasSubstr("pos_embed: the file has [1, 4194304, 0]"));
  tensors = published(whole, kPublishers[3]);
  for (const char* part : {"query", "key", "value"}) {
    tensors["vit.encoder.layer.1.attention.attention." + std::string(part) + ".weight"] =
        torch::zeros({});
  }
  EXPECT_THAT(error_of(config, tensors), HasSubstr("query, key and value have one shape"));
}

TEST(Vit, PicturesAreAWholeNumberOfPatches) {
  const auto encoder = make_image_encoder(default_image_encoder_config("vit_tiny_patch16_224"), 1);
  const torch::NoGradGuard no_grad;
  try {
    encoder->forward(torch::zeros({1, 3, 64, 72}));
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("16"));
    EXPECT_THAT(error.what(), HasSubstr("72"));
    EXPECT_THAT(error.what(), HasSubstr("64 or 80"));
  }
  EXPECT_EQ(encoder->forward(torch::zeros({1, 3, 64, 80})).size(1), 192);
}

TEST(Vit, RandomWeightsFollowTheSeedAlone) {
  const auto config = default_image_encoder_config("vit_small_patch14_reg4_dinov2.lvd142m");
  const auto a = state_dict(*make_image_encoder(config, 1));
  const auto b = state_dict(*make_image_encoder(config, 1));
  const auto c = state_dict(*make_image_encoder(config, 2));
  for (const auto& [name, tensor] : a) EXPECT_TRUE(torch::equal(tensor, b.at(name))) << name;
  const torch::Tensor weight = a.at("blocks.3.attn.qkv.weight");
  EXPECT_FALSE(torch::equal(weight, c.at("blocks.3.attn.qkv.weight")));
  EXPECT_LE(weight.abs().max().item<float>(), .04F);
  EXPECT_NEAR(weight.std().item<double>(), .02 * .8796, 2e-4);  // of a normal cut at 2 deviations
  EXPECT_EQ(a.at("blocks.3.norm1.weight").min().item<float>(), 1.F);
  EXPECT_EQ(a.at("blocks.3.mlp.fc1.bias").abs().max().item<float>(), 0.F);
  EXPECT_FLOAT_EQ(a.at("blocks.3.ls2.gamma").max().item<float>(), 1e-5F);
  EXPECT_EQ(a.at("pos_embed").sizes().vec(), (std::vector<std::int64_t>{1, 1369, 384}));
}

// Pictures of the weights' size and of another one.
TEST(Vit, LearnsInEveryParameter) {
  ImageEncoderConfig config = tiny_vit();
  config.vit->registers = 1;
  config.vit->layer_scale = true;
  for (const bool mean : {false, true}) {
    config.vit->mean_of_patches = mean;
    config.vit->pre_norm = mean;
    for (const std::int64_t side : {32, 48}) {
      const auto encoder = shaken(config);
      encoder->train();
      const torch::Tensor features = encoder->forward(formula_pictures(side, side));
      (features * torch::linspace(-1, 1, 8)).sum().backward();
      for (const auto& item : encoder->named_parameters()) {
        ASSERT_TRUE(item.value().grad().defined()) << item.key();
        EXPECT_GT(item.value().grad().abs().max().item<float>(), 1e-6) << item.key();
      }
    }
  }
}

}  // namespace
}  // namespace epicrisis
