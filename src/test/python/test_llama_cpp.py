"""The GGUF files of test_gguf.py, run by llama.cpp itself: logits, greedy tokens and tokenizers."""

import json
import urllib.request

import pytest
import torch

import test_gguf
from conftest import tokens
from gguf_reference import Model

xllamacpp = pytest.importorskip("xllamacpp")

# Matrices that are not F32 make llama.cpp round what is multiplied with them, too.
MEDIANS = {"f32": 4e-3, "f16": 5e-2, "bf16": 0.4, "q8_0": 1.5}
FILES = [(name, "f32") for name in test_gguf.CASES] + [
    (name, type) for name in ("plain", "llama3-tied-bf16") for type in ("f16", "bf16", "q8_0")
]


class LlamaCpp:
    def __init__(self, file):
        tokens = Model(file).values["tokenizer.ggml.tokens"]
        self.vocabulary, self.letter = len(tokens), tokens.index("a")
        params = xllamacpp.CommonParams()
        params.model.path = str(file)
        params.n_ctx = 512
        params.n_parallel = 1
        params.warmup = False
        params.verbosity = 0
        params.cpuparams.n_threads = 1
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self.server = xllamacpp.Server(params)

    def log_probabilities(self, ids):
        """Of the token after the last one of `ids`: [vocabulary]."""
        request = {
            "prompt": ids,
            "n_predict": 1,
            "n_probs": self.vocabulary,
            # The probabilities are those before this choice; it must be a whole character to be answered at all.
            "logit_bias": [[self.letter, 1000.0]],
            "temperature": 0.0,
            "cache_prompt": False,
        }
        answer = self.server.handle_completions(request)
        answer = json.loads(answer) if isinstance(answer, (str, bytes)) else answer
        (position,) = answer["choices"][0]["logprobs"]["content"]
        row = torch.full((self.vocabulary,), torch.nan, dtype=torch.float64)
        for token in position["top_logprobs"]:
            row[token["id"]] = token["logprob"]
        assert torch.isfinite(row).all()
        return row

    def greedy(self, ids, count):
        made = []
        for _ in range(count):
            made.append(self.log_probabilities(ids + made).argmax().item())
        return made

    def tokenize(self, text, special=False):
        body = json.dumps({"content": text, "add_special": special, "parse_special": special}).encode()
        request = urllib.request.Request(self.server.listening_address + "/tokenize", body)
        return json.load(urllib.request.urlopen(request))["tokens"]


@pytest.mark.parametrize("name, type", FILES)
def test_logits(models, name, type):
    ids, ours = test_gguf.own_logits(models, name)
    file = test_gguf.exported(models, name, type)
    margin = Model(file).run(ids).margin
    engine = LlamaCpp(file)
    rows = [engine.log_probabilities(ids[: n + 1].tolist()) for n in range(len(ids))]
    spread = 4 / ours.std().item()
    ours, theirs = ours.double().log_softmax(-1) * spread, torch.stack(rows) * spread
    test_gguf.assert_numbers(ours, theirs, margin > test_gguf.MARGIN, MEDIANS[type], f"{name} {type}")
    same = (ours.argmax(-1) == theirs.argmax(-1)).double().mean().item()
    print(f"{name} {type}: {same:.1%} of the most likely tokens are equal")
    assert same > (0.95 if type in ("f32", "f16") else 0.75)


@pytest.mark.parametrize("name", test_gguf.CASES)
def test_greedy_tokens(models, name):
    directory, file = test_gguf.carved(models, name), test_gguf.exported(models, name, "f32")
    start = tokens(2, test_gguf.config_of(directory)["vocab_size"])[:8].tolist()
    made = LlamaCpp(file).greedy(start, 16)
    # Every token is judged after those that llama.cpp chose before it, so that a near tie excuses one token only.
    ids = torch.tensor(start + made[:-1])
    chosen = slice(len(start) - 1, None)
    logits, margin = models.logits(directory, ids)[chosen], Model(file).run(ids).margin[chosen]
    best, second = logits.topk(2).values.unbind(-1)
    clear = ((best - second) * 4 / logits.std() > 3e-2) & (margin > test_gguf.MARGIN)
    print(f"{name}: {clear.sum()} of 16 tokens without a near tie")
    assert clear.sum() >= 8 and torch.equal(torch.tensor(made)[clear], logits.argmax(-1)[clear])


@pytest.mark.parametrize("name", test_gguf.TOKENIZERS)
def test_tokenizer(models, name):
    file, tokenizer = test_gguf.with_tokenizer(models, name)
    engine = LlamaCpp(file)
    for text in test_gguf.texts(name):
        assert engine.tokenize(text) == tokenizer.encode(text, add_special_tokens=False).ids, text
        assert engine.tokenize(text, special=True) == tokenizer.encode(text).ids, text
    for text in ["call <tool> twice<tool>", "so<|end|>it goes"] if tokenizer.token_to_id("<tool>") else []:
        assert engine.tokenize(text, special=True) == tokenizer.encode(text).ids, text
