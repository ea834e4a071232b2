"""Fine-tuned models: the adapter beside one, loaded by PEFT on the carved model in transformers, is the merged model."""

import json

import pytest
import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM

from conftest import CALIBRATION, assert_close
from test_own_format import clear_tokens, config_of, load, logits, tensors_of

# Blocks with gates and without (phi2), projections by themselves and fused (phi3), biases, a padded expert, norms of heads; linear
# routers, which are trained, and those of `paper`, whose gates are; no routed experts at all (static).
CASES = [
    ("plain", "fitted"),
    ("plain", "paper"),
    ("qwen2-tied", "fitted"),
    ("qwen3", "paper"),
    ("phi3-partial", "fitted"),
    ("phi2", "fitted"),
    ("llama3-tied-bf16", "fitted"),
    ("linear-biases-f16", "static"),
]
# Half of the distance between numbers of a type, as a part of them; in float32 also what two ways to sum a product may differ by.
HALF_UNIT = {torch.float32: 2**-22, torch.bfloat16: 2**-8, torch.float16: 2**-11}


def tuned(models, name, preset):
    """A few steps at rates that are far too high, so that every addition is large."""

    def make(output):
        rates = ["--lr-lora", 0.02, "--lr-gates", 0.1, "--lr-router", 0.01, "--balance-rate", 0.01]
        size = ["--window", 32, "--batch", 2, "--samples", 8, "--held-out", 0, "--lora-rank", 3, "--lora-alpha", 6]
        models.run("finetune", models.carved(name, preset), output, "--data", CALIBRATION, "--threads", 1, *rates, *size)

    return models.made_once(f"{name}-{preset}-tuned", make)


def with_adapter(carved, directory):
    """The carved model in float32 with the adapter in `directory`. Gates that were trained need places, which the configuration makes."""
    config = AutoConfig.from_pretrained(carved, trust_remote_code=True)
    config.gate_type = config_of(directory)["gate_type"]
    base = AutoModelForCausalLM.from_pretrained(carved, config=config, dtype=torch.float32, trust_remote_code=True)
    return PeftModel.from_pretrained(base, directory / "adapter").eval()


@pytest.mark.parametrize("name, preset", CASES)
def test_adapter_is_loaded_whole(models, name, preset):
    directory = tuned(models, name, preset)
    stored = load_file(directory / "adapter/adapter_model.safetensors")
    held = get_peft_model_state_dict(with_adapter(models.carved(name, preset), directory))
    # PEFT saves a module as a whole; a bias or gate that did not change is as stored.
    assert stored.keys() == held.keys()
    for key, tensor in stored.items():
        assert torch.equal(tensor, held[key].to(tensor.dtype)), key

    config = json.loads((directory / "adapter/adapter_config.json").read_text())
    routed = preset != "static"
    assert config["target_modules"] and bool(config["target_parameters"]) == routed
    assert (config["modules_to_save"] == ["router"]) == routed


@pytest.mark.parametrize("name, preset", CASES)
def test_adapter_gives_the_logits_of_the_merged_model(models, name, preset):
    directory = tuned(models, name, preset)
    merged = load(directory)
    adapted = with_adapter(models.carved(name, preset), directory)
    tolerance = 1e-4
    stored = tensors_of(directory)
    if stored["model.embed_tokens.weight"].dtype != torch.float32:
        # The merged weights are rounded, so round those that PEFT merges. Next to the middle between two numbers it may go either way.
        adapted = adapted.merge_and_unload()
        for key, tensor in adapted.state_dict().items():
            if key in stored:
                tensor.copy_(tensor.to(stored[key].dtype))
        tolerance = 1e-3
    ids = clear_tokens(merged)
    expected = logits(merged, ids)
    assert_close(logits(adapted, ids), expected, tolerance)
    assert_close(models.logits(directory, ids), expected)
    before = logits(load(models.carved(name, preset)), ids)
    assert (before - expected).abs().max() > 0.1 * expected.abs().max(), "fine-tuning makes no difference"


@pytest.mark.parametrize("name, preset", CASES)
def test_merging_gives_the_tensors_of_the_merged_model(models, name, preset):
    carved, directory = models.carved(name, preset), tuned(models, name, preset)
    before, after = tensors_of(carved), tensors_of(directory)
    merged = with_adapter(carved, directory).merge_and_unload().state_dict()
    assert after.keys() <= merged.keys()
    changed = set()
    for key, tensor in after.items():
        near = HALF_UNIT[tensor.dtype] * merged[key].abs() + 1e-6 * merged[key].abs().max()
        assert ((tensor.float() - merged[key]).abs() <= near).all(), key
        if key not in before or not torch.equal(tensor, before[key]):
            changed.add(key.split(".", 3)[-1] if ".layers." in key else key)

    # What was asked to change did, and nothing else.
    attention = {"qkv_proj", "o_proj"} if name.startswith("phi3") else {"q_proj", "k_proj", "v_proj", "o_proj"}
    gated = name != "phi2"
    if name == "phi2":
        attention = {"q_proj", "k_proj", "v_proj", "dense"}
    expected = {f"self_attn.{projection}.weight" for projection in attention}
    expected |= {f"mlp.shared_expert.{p}_proj.weight" for p in (["gate"] if gated else []) + ["up", "down"]}
    if preset != "static":
        expected |= {"mlp.experts.gate_up_proj" if gated else "mlp.experts.up_proj", "mlp.experts.down_proj", "mlp.router.selection_bias"}
        expected |= {"mlp.router.weight", "mlp.router.bias"} if preset == "fitted" else {"mlp.router.gate_scale"}
    assert changed == expected
