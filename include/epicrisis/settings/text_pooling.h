#pragma once

namespace epicrisis {

// How a text's vector is made of those of its tokens.
enum class TextPooling {
  kAuto,    // what the folder's modules.json says, else kPooler if the weights have one, else kMean
  kPooler,  // the first token through the pooler's tanh layer
  kMean,    // mean over the tokens that are not padding
  kCls,     // the first token's last hidden state
};

}  // namespace epicrisis
