"""Our decoder against transformers, on dense checkpoints."""

import pytest
import torch
from transformers import AutoModelForCausalLM

import tiny_models
from conftest import assert_close, tokens


@pytest.mark.parametrize("name", [*tiny_models.MODELS, "demo"])
def test_dense_logits(models, name):
    reference = AutoModelForCausalLM.from_pretrained(models.dense(name), dtype=torch.float32).eval()
    ids = tokens(1, reference.config.vocab_size)
    assert_close(models.logits(models.word(name), ids), reference(ids[None]).logits[0])
