#include "llm/spoken.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>

#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "llm/marks.h"
#include "support/shared_data.h"

namespace epicrisis::llm {
namespace {

using testing::HasSubstr;

const std::string kNote = "The lesion is a dark brown, asymmetric macule with an irregular border.";
const std::string kThought = "They ask for a text. I should mention asymmetry.\nAnd the colour.";

// The text, "(fault)" or "(empty)".
std::string read(const std::string& text) {
  const Spoken spoken = spoken_text(text);
  if (!spoken.fault.empty()) return "(fault)";
  return spoken.text.empty() ? "(empty)" : clean_multiline_text(spoken.text, 1 << 20);
}

// With T for the thought and N for the note.
std::string filled(const std::string& form) {
  std::string text;
  for (const char c : form) {
    if (c == '\x01') {
      text += kThought;
    } else if (c == '\x02') {
      text += kNote;
    } else {
      text += c;
    }
  }
  return text;
}
#define T "\x01"
#define N "\x02"

TEST(Spoken, ThoughtsInMarksGo) {
  for (const char* form : {
           "<think>" T "</think>" N,
           "<think>\n" T "\n</think>\n\n" N,
           "<THINK>" T "</THINK>" N,
           "<Think>" T "</think>" N,
           "<think>" T "</THINK >" N,
           "< think >" T "</ think >" N,
           "< think >" T "< / think >" N,
           "<think duration=\"3\">" T "</think>" N,
           "<think duration='3' lang=en>" T "</think>" N,
           "<thinking>" T "</thinking>" N,
           "<thinking>" T "</think>" N,
           "<thought>" T "</thought>\n" N,
           "<thoughts>" T "</thoughts>" N,
           "<Thought_Process>" T "</Thought_Process>" N,
           "<thought process>" T "</thought process>" N,
           "<reasoning>" T "</reasoning>" N,
           "<reason>" T "</reason>" N,
           "<reflection>" T "</reflection>" N,
           "<scratchpad>" T "</scratchpad>" N,
           "<SCRATCH-PAD>" T "</SCRATCH-PAD>" N,
           "<inner_monologue>" T "</inner_monologue>" N,
           "<internal-monologue>" T "</internal-monologue>" N,
           "<chain_of_thought>" T "</chain_of_thought>" N,
           "<cot>" T "</cot>" N,
           "<antThinking>" T "</antThinking>" N,
           "<my_thoughts>" T "</my_thoughts>" N,
           "<deep-thinking level=2>" T "</deep-thinking>" N,
           "<analysis>" T "</analysis>" N,
           "<seed:think>" T "</seed:think>" N,
           "<seed:think>" T "<seed:cot_budget_reflect>x</seed:cot_budget_reflect></seed:think>" N,
           "<mm:think>" T "</mm:think>" N,
           "<longcat_think>" T "</longcat_think>" N,
           "[THINK]" T "[/THINK]" N,
           "[think]" T "[/think]" N,
           "[Thought]" T "[/Thought]" N,
           "[ REASONING ]" T "[ /REASONING ]" N,
           "{think}" T "{/think}" N,
           "(think)" T "(/think)" N,
           "<|begin_of_thought|>\n" T "\n<|end_of_thought|>\n" N,
           "<|begin_of_thought|>" T "<|end_of_thought|>\n<|begin_of_solution|>\n" N
           "\n<|end_of_solution|>",
           "<|think|>" T "<|/think|>" N,
           "<|thinking|>" T "</|thinking|>" N,
           "<|think_start|>" T "<|think_end|>" N,
           "<|START_THINKING|>" T "<|END_THINKING|><|START_RESPONSE|>" N "<|END_RESPONSE|>",
           "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|><|START_THINKING|>" T
           "<|END_THINKING|><|START_TEXT|>" N "<|END_TEXT|><|END_OF_TURN_TOKEN|>",
           "<|inner_prefix|>" T "<|inner_suffix|>" N,
           "<unused94>thought\n" T "\n<unused95>" N,
           T "\n<unused95>" N,
           "<|channel>thought\n" T "<channel|>" N "<turn|>",
           "◁think▷" T "◁/think▷" N,
           "＜think＞" T "＜／think＞" N,
           "<ｔｈｉｎｋ>" T "</ｔｈｉｎｋ>" N,
           "《think》" T "《/think》" N,
           "【think】" T "【/think】" N,
           "&lt;think&gt;" T "&lt;/think&gt;" N,
           "&#60;think&#62;" T "&#60;/think&#62;" N,
           "\\<think\\>" T "\\</think\\>" N,
           "\\u003cthink\\u003e" T "\\u003c/think\\u003e" N,
           "<th\u200bink>" T "</th\u200bink>" N,
           "<思考>" T "</思考>" N,
           "<!-- " T " -->" N,
           "<details type=\"reasoning\" done=\"true\"><summary>Thought for 3 s</summary>\n> " T
           "\n</details>\n" N,
           // Only the end, several, one within another, badly nested.
           T "\n</think>\n\n" N,
           T "[/THINK]" N,
           T "</THINKING>" N,
           T "◁/think▷" N,
           T "<|end_of_thought|>" N,
           "<think></think>" N,
           "<think/>" N,
           "<think></think><think>" T "</think>" N,
           "<think>" T "</think><think>" T "</think>" N,
           "<think>\n<think>\n" T "</think>" N,
           "<think>a <think>b</think> c</think>" N,
           "<thinking>a <reflection>b</reflection> c</thinking>" N,
           "<thinking>a <reflection>b</thinking>" N,
           T "</think>" T "</think>" N,
           N "<think>" T "</think>",
           // The answer is marked too.
           "<think>" T "</think><answer>" N "</answer>",
           "<think>" T "<answer>" N "</answer>",
           "<Thought>" T "</Thought>\n<Output>\n" N "\n</Output>",
           "<think>" T "</think>\n<response>\n" N "\n</response>",
           "<SUMMARY>x</SUMMARY><CAPTION>y</CAPTION><REASONING>" T "</REASONING><CONCLUSION>" N
           "</CONCLUSION>",
           "<answer>" N "</answer>",
           "<note>" N "</note>",
           "Here is the note: <note>" N "</note>",
           N "</answer>",
           "Here are my reasoning steps:\n" T "\n[BEGIN FINAL RESPONSE]\n" N
           "\n[END FINAL RESPONSE]\n<|end|>",
           T "[BEGIN FINAL RESPONSE]" N,
           // Harmony, whole and in pieces.
           "<|channel|>analysis<|message|>" T
           "<|end|><|start|>assistant<|channel|>final<|message|>" N "<|return|>",
           "<|start|>assistant<|channel|>analysis<|message|>" T
           "<|end|><|start|>assistant<|channel|>final<|message|>" N "<|end|>",
           "<|channel|>analysis<|message|>" T "<|channel|>final<|message|>" N,
           "<|channel|>analysis<|message|>" T "<|end|><|channel|>commentary<|message|>" T
           "<|end|><|start|>assistant<|channel|>final<|message|>" N,
           "<|channel|>analysis\n<|message|>" T "<|end|>\n<|start|>assistant\n<|channel|>final\n"
           "<|message|>" N,
           "<|channel|>final<|message|>" N "<|return|>",
           "<|channel|>final <|constrain|>text<|message|>" N,
           T "<|end|><|start|>assistant<|channel|>final<|message|>" N,
           "analysis" T "assistantfinal" N,
           "analysis" T "\nassistantcommentary" T "assistantfinal" N,
           T "assistantfinal" N,
           "assistantfinal" N,
           "final" N,
           "<|im_start|>think\n" T "\n<|im_start|>answer\n" N,
           "<|im_start|>think\n" T "<|im_end|>\n<|im_start|>assistant\n" N "<|im_end|>",
           "<|im_start|>reasoning\n" T "\n<|im_start|>assistant\n" N,
           "<|start_header_id|>assistant_thought<|end_header_id|>" T
           "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n" N,
           // Brackets twice, of other scripts, escaped otherwise, with what belongs to them.
           "<<think>>" T "<</think>>" N,
           "<<THINK>>" T "<<END_THINK>>" N,
           "[[think]]" T "[[/think]]" N,
           "{{think}}" T "{{/think}}" N,
           "((think))" T "((/think))" N,
           "「think」" T "「/think」" N,
           "〔思考〕" T "〔/思考〕" N,
           "[thoughts]: " T "\n[answer]: " N,
           "<think\n>" T "</think\n>" N,
           "%3Cthink%3E" T "%3C/think%3E" N,
           "<denken>" T "</denken>" N,
           "<рассуждение>" T "</рассуждение>" N,
           "<réflexion>" T "</réflexion>" N,
           "<推論>" T "</推論>" N,
       }) {
    const std::string text = filled(form);
    EXPECT_EQ(read(text), kNote) << text;
  }
}

TEST(Spoken, ThoughtsUnderHeadingsGo) {
  for (const char* form : {
           "**Thinking:**\n" T "\n\n**Final answer:**\n" N,
           "**Thinking**\n" T "\n\n**Answer**\n" N,
           "## Thinking\n\n" T "\n\n## Final Response\n\n" N,
           "### Thought Process:\n" T "\n### Response:\n" N,
           "Thought: " T "\nFinal Answer: " N,
           "Thought: I should write. Final answer: " N,
           "Thoughts:\n" T "\n---\nNote: " N,
           "*Reasoning:* " T "\n*Answer:* " N,
           "REASONING:\n" T "\nOUTPUT:\n" N,
           "Here is my thought process:\n" T "\nHere is my response:\n" N,
           "Thinking...\n" T "\n...done thinking.\n\n" N,
           "> Thinking process\n" T "\n\n**Clinical note:** " N,
           "The user wants a note. " T "\n\nFinal answer: " N,
           "Okay, let's see. " T "\n\n**Final Answer**\n" N,
           "Analysis: " T "\nFinal answer: " N,
           "```thinking\n" T "\n```\n" N,
           "💭 Thinking: " T "\n\n📝 Answer: " N,
           "**🧠 Thinking**\n" T "\n**Final answer**\n" N,
           "analysis: " T "\nfinal: " N,
           "~~~thinking\n" T "\n~~~\n" N,
           "Final answer: " N,
           "**Final note:**\n" N,
           "思考过程:\n" T "\n最终答案:\n" N,
       }) {
    const std::string text = filled(form);
    EXPECT_EQ(read(text), kNote) << text;
    EXPECT_TRUE(spoken_text(text).dropped.thoughts) << text;
  }
}

TEST(Spoken, WhatCannotBeToldFromAThoughtIsAFault) {
  for (const char* form : {
           "<think>" T " " N,
           "<think>" T "</think" N,
           N " <think>" T,
           "<think>" T "</think><think>" N,
           "[THINK]" T " " N,
           "<unused94>thought\n" T N,
           "<|channel|>analysis<|message|>" T,
           "<|channel|>commentary to=functions.note <|constrain|>json<|message|>{}",
           "◁think▷" T N,
           N "</think>",
           N "\n[/THINK]\n",
           T "<|im_end|> </think>" N,
           "<daydream>" T "</daydream>" N,
           "<inner-voices>" T N,
           T "</inner-voices>" N,
           "<|muse|>" T N,
           T "<answer>" N "</answer>",
           "<answer>" N "</answer><answer>" N "</answer>",
           "<answer>B</answer> " N,
           "analysis" T,
           "Thought: " T,
           "thought\n" T "\n" N,
           "Thinking process:\n\n1. " T,
           "**Reasoning:** " T,
           "The user wants a description. The metadata say melanoma.",
           "Okay, so I need to describe the picture. " N,
           "We need to write a note. " N,
           "Let me think. " N,
           T "\nFinal answer: " N,
           T "\n### Response:\n" N,
           "```thinking\n" T,
           "<Überlegung>" T "</Überlegung>" N,
           "So, the user wants a text. " N,
           "Got it, the user needs a text. " N,
           "Alright, so the user has given me a picture. " N,
           "First, I'll look at the metadata. " N,
           "Sure, let me think about this. " N,
           "Got it, let's describe it. " N,
           "Wait, the metadata say melanoma. " N,
           "The prompt is asking me to describe it. " N,
           "My task is to write the note. " N,
           "We are to describe the lesion. " N,
           "Here's a thinking process that leads to the note:\n\n1. " T "\n\n" N,
           "Thought for 5 seconds\n\n" T "\n\n" N,
           "> 💭 " T "\n\n" N,
           "*thinks* " T "\n" N,
           "Der Benutzer möchte eine Beschreibung. " N,
           "El usuario quiere una descripción. " N,
           "L’utilisateur demande une description. " N,
           "Пользователь хочет описание. " N,
           "用户想要描述。" N,
           "ユーザーは説明を求めています。" N,
           "{\"thinking\": \"a\", \"answer\": \"b\"}",
           "```json\n{\"chain_of_thought\": \"a\", \"note\": \"b\"}\n```",
           "\"thinking\": \"" T "\"\n" N,
           "<b>Thinking</b>: " T "<br>" N,
       }) {
    const std::string text = filled(form);
    EXPECT_EQ(read(text), "(fault)") << text;
    EXPECT_EQ(clean_text(spoken_text(text).fault, 300), spoken_text(text).fault);
  }
  EXPECT_THAT(spoken_text("<think>" + kNote).fault, HasSubstr("does not end: <think>"));
  EXPECT_THAT(spoken_text("<daydream>x</daydream>" + kNote).fault, HasSubstr("<daydream>"));
  for (const char* empty : {"", " \n", "<think></think>", "<think>x</think>", "</s>", "<|im_end|>",
                            "<|channel|>analysis<|message|>x<|end|>",
                            "<|im_end|>\n<|im_start|>user\nWhat is it?<|im_end|>"}) {
    EXPECT_EQ(read(empty), "(empty)") << empty;
  }
}

// One of each family of models, at the end, with another turn behind it.
TEST(Spoken, ATextEndsAtTheFirstControlToken) {
  for (const char* token : {
           "</s>",
           "<s>",
           "<eos>",
           "<bos>",
           "<pad>",
           "<unk>",
           "<|endoftext|>",
           "<|end_of_text|>",
           "<|eot_id|>",
           "<|eom_id|>",
           "<|im_end|>",
           "<|im_start|>",
           "<|im_sep|>",
           "<|end|>",
           "<|return|>",
           "<|call|>",
           "<|eot|>",
           "<|EOT|>",
           "<|endofprompt|>",
           "<end_of_turn>",
           "<start_of_turn>",
           "<turn|>",
           "<|turn>",
           "[/INST]",
           "[INST]",
           "<<SYS>>",
           "<</SYS>>",
           "<unused49><unused49><unused49>",
           "<unused7>",
           "[UNUSED_TOKEN_145]",
           "<reserved_106>",
           "<|reserved_special_token_3|>",
           "<extra_id_0>",
           "<SPECIAL_12>",
           "[control_748]",
           "<TOKENS_UNUSED_1>",
           "<eoa>",
           "<eoh>",
           "<eop>",
           "<sop>",
           "<eod>",
           "<sep>",
           "[SEP]",
           "[PAD]",
           "[EOS]",
           "[EOT]",
           "[gMASK]",
           "<|user|>",
           "<|system|>",
           "<|observation|>",
           "<|Human|>",
           "<|header_start|>",
           "<|start_header_id|>user",
           "<|eos|>",
           "<|END_OF_TURN_TOKEN|>",
           "<EOS_TOKEN>",
           "<｜end▁of▁sentence｜>",
           "<｜User｜>",
           "<|end▁of▁sentence|>",
           "<｜tool▁calls▁begin｜>",
           "<｜hy_EOT｜>",
           "<|assistant_end|>",
           "<|end_of_role|>",
           "<|start_of_role|>user",
           "<|role_end|>",
           "<end_of_utterance>",
           "<fim_middle>",
           "<file_sep>",
           "<|fim_pad|>",
           "<|vision_end|>",
           "<|image_pad|>",
           "<tool_call>{}</tool_call>",
           "[TOOL_CALLS]",
           "<seed:eos>",
           "[|endofturn|]",
           "[e~[",
           "]~b]user",
           "<|separator|>",
           "<|im_end",
           "<| im_end |>",
           "&lt;/s&gt;",
           "<|media_end|>",
           "<0x0A>",
           "<ctrl100>",
           "<mask>",
           "\n### Instruction:\nDescribe it.",
           "\n### Human: and now?",
           "\nHuman: what?",
           "\nUSER: what?",
           "\nuser\nWhat is it?",
           "<pad_token>",
           "<unk_token>",
           "<eot_id>",
           "</bos>",
           "</eot>",
           "</end>",
           "<sep/>",
           "<image_placeholder>",
           "[END]",
           "[/s]",
           "[STOP]",
           "[EOS_TOKEN]",
           "[END_OF_TEXT]",
           "[/ASSISTANT]",
           "[USER]",
           "<extra_token_3>",
           "<jupyter_output>",
           "<function=note>",
           "<end_of_conversation>",
           "<<END>>",
           "<</s>>",
           "<<INST>>",
           "\\<|im_end|\\>",
           "|im_end|",
           "|eot_id|",
           "\n###",
           "\nQuestion: and now?",
       }) {
    for (const char* rest : {"", "\nThe second turn says otherwise."}) {
      const std::string text = kNote + token + rest;
      EXPECT_EQ(read(text), kNote) << text;
      EXPECT_TRUE(spoken_text(text).dropped.control_tokens) << text;
    }
  }
}

TEST(Spoken, ATurnMayBeginATextInMarks) {
  for (const char* begin : {"<s>",
                            "<s> ",
                            "<bos>",
                            "<|begin_of_text|>",
                            "<|assistant|>\n",
                            "<|im_start|>assistant\n",
                            "<|start_header_id|>assistant<|end_header_id|>\n\n",
                            "<start_of_turn>model\n",
                            "<|start_of_role|>assistant<|end_of_role|>",
                            "<|header_start|>assistant<|header_end|>\n\n",
                            "<|turn>model\n",
                            "[/INST]",
                            "<｜Assistant｜>",
                            "<|im_assistant|>assistant<|im_middle|>",
                            "<pad><pad>",
                            "[gMASK]<sop><|assistant|>\n",
                            "### Response:\n",
                            "### Assistant: ",
                            "ASSISTANT: ",
                            "assistant\n\n",
                            "model\n",
                            "<|CHATBOT_TOKEN|>",
                            "<role>ASSISTANT</role>",
                            "<｜hy_Assistant｜>"}) {
    EXPECT_EQ(read(begin + kNote), kNote) << begin;
    EXPECT_TRUE(spoken_text(begin + kNote).dropped.control_tokens) << begin;
    EXPECT_EQ(read(fmt::format("{}<think>{}</think>{}", begin, kThought, kNote)), kNote) << begin;
  }
}

TEST(Spoken, OrdinaryTextIsLeftAlone) {
  for (const char* text : {
           "A papule <5 mm, and >2 mm from the margin.",
           "Diameter < 6 mm and > 4 mm; A<B and C>D.",
           "The border (I think) is regular.",
           "The patient thinks it grew. I think it is benign.",
           "Dots [1], globules [2] and [sic] streaks.",
           "[Note] The name is [REDACTED].",
           "A glare [reflection] lies over it (reasoning: flash).",
           "Analysis: an asymmetric lesion.\nConclusion: melanoma.",
           "**Analysis:** an asymmetric lesion.",
           "Note: the lesion is brown.",
           "Observations:\n- dots\n- globules\nImpression: nevus.",
           "Final diagnosis: melanoma.",
           "A lesion.\nFinal impression: nevus.",
           "It is <b>brown</b> and <i>flat</i>.<br>It is round.",
           "See <https://example.org/a>.",
           "Site: <insert site>.",
           "E-mail <a@b.org>, p<0.05, and x->y --> z.",
           "The user of sun beds has a brown macule.",
           "We see a brown macule.",
           "Okular sieht man: Läsion „braun“ ‹klein›.",
           "《皮肤病学》 says so.",
           "The assistant saw it. A model would too.",
           "It was treated by an assistant",
           "System: skin.\nSite: back.",
           "# Description\nA macule.\n## Border\nIrregular.",
           "Let me describe the lesion: it is brown.",
           "finally the lesion is brown",
           "analysis of the picture shows a macule.",
           "- one\n- two | three | four",
           "{\"a\": \"b\", \"c\": [1, 2, {\"d\": 3}]}",
           "a (b) {c} [d] <e f",
           "[Image 1] shows a macule, [image 2] a papule [2].",
           "Diameter <5 mm, thought to be old, and >3 mm high.",
           "Lesion[s] 「いわゆる」 brown, 50%",
           "So the lesion is brown. First, the border is sharp.",
           "Right arm: a macule. Well defined.",
           "Sure enough, the border is sharp.",
           "{\"lesion\": \"macule\", \"answer\": \"b\"}",
           "🔴 Red flag: the border.",
       }) {
    EXPECT_EQ(read(text), clean_multiline_text(text, 1000));
    const Dropped dropped = spoken_text(text).dropped;
    EXPECT_FALSE(dropped.thoughts || dropped.control_tokens) << text;
  }
}

// What was read once stays as it is.
TEST(Spoken, IsReadOnce) {
  for (const std::string& text :
       {"<think>a</think>" + kNote + "</s>", "<thi<think>x</think>nk>" + kNote,
        "Final answer: final answer: " + kNote, "assistant\nassistant\n" + kNote}) {
    const Spoken once = spoken_text(text);
    if (!once.fault.empty()) continue;
    EXPECT_EQ(read(once.text), clean_multiline_text(once.text, 1000)) << text;
  }
}

TEST(Spoken, TakesTimeLinearInTheText) {
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "<think></think>";
  EXPECT_EQ(read(many + kNote), kNote);
  for (const char* piece :
       {"<",           "[",           "</",      "< ",        "<think ",        "<|",
        "&lt;",        "\n",          "<think>", "</x>",      "assistantfinal", "\nuser",
        "```thinking", "<!--",        "a: ",     "[/a",       "[a][/b]",        "{% end",
        "(/aa) ",      "\n---\n",     "Ġ",       "<|open|>x", "<|im_end|>",     "okay, i need ",
        "wait. ",      "option 1: \n"}) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += piece;
    const Spoken spoken = spoken_text(text);
    EXPECT_LE(spoken.text.size(), text.size());
  }
}

TEST(Spoken, EveryNameOfTheFileIsRead) {
  const MarkWords& words = MarkWords::built_in();
  for (const std::string& name : words.thoughts) {
    for (const char* form :
         {"<{0}>{1}</{0}>{2}", "[{0}]{1}[/{0}]{2}", "<|{0}|>{1}<|/{0}|>{2}", "{1}</{0}>{2}"}) {
      const std::string text = fmt::format(fmt::runtime(form), name, kThought, kNote);
      EXPECT_EQ(read(text), kNote) << text;
    }
  }
  for (const std::string& name : words.answers) {
    EXPECT_EQ(read(fmt::format("<think>x</think><{0}>{1}</{0}>", name, kNote)), kNote) << name;
  }
  for (const std::string& name : words.thought_headings) {
    EXPECT_EQ(read(fmt::format("{}:\n{}\n\nFinal answer: {}", name, kThought, kNote)), kNote)
        << name;
    EXPECT_EQ(read(fmt::format("{}:\n{}", name, kThought)), "(fault)") << name;
  }
  for (const std::string& opening : words.thought_openings) {
    EXPECT_EQ(read(fmt::format("{} a note. {}", opening, kNote)), "(fault)") << opening;
  }
  for (const std::string& name : words.end) {
    EXPECT_EQ(read(fmt::format("{}<|{}|>x", kNote, name)), kNote) << name;
  }
}

// Real notes of a large model.
TEST(Spoken, RealNotesAreLeftAlone) {
  EPICRISIS_NEEDS_SHARED_DATA();
  int notes = 0;
  for (const char* name : {"vlm_notes.jsonl", "ham10000_train_notes.jsonl"}) {
    const Path file = test::shared_folder() / "notes" / name;
    for (const std::string& line : split(read_file(file, 1 << 24), '\n')) {
      if (line.empty()) continue;
      const auto note = json_get<std::string>(parse_json(line, "notes"), "note", "notes");
      EXPECT_EQ(read(note), clean_multiline_text(note, 1 << 20));
      ++notes;
    }
  }
  EXPECT_GE(notes, 3474);
}

}  // namespace
}  // namespace epicrisis::llm
