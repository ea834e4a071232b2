"""`cmoe eval` against the same figures computed here."""

import json
import math

import pytest
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

from conftest import DEMO, ROOT

TEXT = ROOT / "calibration-data/demo-eval.txt"
WINDOW, WINDOWS = 512, 8


def log_probabilities(directory, windows):
    """Of the next token, for every position but the last: [windows, WINDOW - 1, vocabulary]."""
    model = AutoModelForCausalLM.from_pretrained(directory, trust_remote_code=True, dtype=torch.float32).eval()
    return torch.cat([F.log_softmax(model(window[None]).logits[:, :-1].double(), dim=-1) for window in windows])


def perplexity(log_p, windows):
    return math.exp(-log_p.gather(2, windows[:, 1:, None]).mean())


def test_perplexity_and_divergence(models):
    carved = models.carved("demo", "fitted")
    options = ["--text", TEXT, "--window", WINDOW, "--max-windows", WINDOWS]
    answer = json.loads(models.run("eval", carved, "--against", "demo", *options, "--json"))
    assert answer["tokens"] == WINDOW * WINDOWS

    ids = AutoTokenizer.from_pretrained(DEMO).encode(TEXT.read_text(encoding="utf-8"))
    windows = torch.tensor(ids[: WINDOW * WINDOWS]).view(WINDOWS, WINDOW)
    q, p = log_probabilities(carved, windows), log_probabilities(DEMO, windows)
    against = answer["against"]
    assert answer["perplexity"] == pytest.approx(perplexity(q, windows), rel=2e-3)
    assert against["perplexity"] == pytest.approx(perplexity(p, windows), rel=2e-3)
    assert against["ratio"] == pytest.approx(perplexity(q, windows) / perplexity(p, windows), rel=2e-3)
    divergence = (p.exp() * (p - q)).sum(dim=-1).mean().item()
    same = (p.argmax(dim=-1) == q.argmax(dim=-1)).double().mean().item()
    print(f"{answer}\nhere: KL divergence {divergence:.6f}, top-1 agreement {same:.6f}")
    assert against["klDivergence"] == pytest.approx(divergence, rel=1e-2)
    assert against["top1Agreement"] == pytest.approx(same, rel=1e-2)
