"""Carved models, written by the command and loaded by transformers with `trust_remote_code`."""

import json
import os
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

import tiny_models
from conftest import assert_close, tokens

# Carving is the slow part. Every model is carved in the two ways that route; what the other presets write does not depend
# on rope or storage, so each takes one model. CMOE_TEST_ALL=1 runs the full product.
EVERY = [*tiny_models.MODELS, "demo"]
CASES = [(name, preset) for preset in ("fitted", "paper") for name in EVERY]
if os.environ.get("CMOE_TEST_ALL"):
    CASES += [(name, preset) for preset in ("static", "static-fitted", "random") for name in EVERY]
else:
    CASES += [("linear-biases-f16", "static"), ("llama3-tied-bf16", "static-fitted"), ("linear-legacy-tied", "random")]

# Two programs round differently. Where the last chosen and the first refused expert score closer than this, they may
# choose differently and both be right.
MARGIN = 1e-4


def load(directory, **options):
    """The model in `directory`; every tensor of the file is in it and the other way round."""
    options = {"dtype": torch.float32, **options}
    model, report = AutoModelForCausalLM.from_pretrained(
        directory, trust_remote_code=True, output_loading_info=True, **options
    )
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not report[kind], f"{kind}: {report[kind]}"
    return model.eval()


def logits(model, ids):
    return model(ids[None]).logits[0]


def config_of(directory):
    return json.loads((directory / "config.json").read_text())


def tensors_of(directory):
    return {name: tensor for file in sorted(directory.glob("model*.safetensors")) for name, tensor in load_file(file).items()}


def narrowest_margin(model, ids):
    """Over layers and tokens, the smallest distance between the last chosen and the first refused expert."""
    config = model.config
    if config.num_experts_per_tok == config.num_experts:
        return float("inf")
    margins = []

    def look(router, _, output):
        preference = output[0]
        if config.router_type == "cmoe" and not router.selection_bias.any():
            # A softmax: an error in what goes in is a relative error in what comes out.
            preference = preference.log()
        ranked = preference.sort(dim=-1, descending=True).values
        last, first = ranked[:, config.num_experts_per_tok - 1], ranked[:, config.num_experts_per_tok]
        margins.append(((last - first) / preference.abs().amax(dim=-1).clamp(min=1)).min().item())

    hooks = [layer.mlp.router.register_forward_hook(look) for layer in model.model.layers]
    model(ids[None])
    for hook in hooks:
        hook.remove()
    assert len(margins) == config.num_hidden_layers
    return min(margins)


def clear_tokens(model):
    """A sequence without near ties, so that every one of its tokens can be compared. Nearly every sequence is one."""
    for seed in range(1, 6):
        ids = tokens(seed, model.config.vocab_size)
        if narrowest_margin(model, ids) > MARGIN:
            return ids
    raise AssertionError("near ties in five sequences out of five")


@pytest.mark.parametrize("name, preset", CASES)
def test_loads_with_equal_logits(models, name, preset):
    directory = models.carved(name, preset)
    model = load(directory)
    ids = clear_tokens(model)
    assert_close(models.logits(directory, ids), logits(model, ids))


@pytest.mark.parametrize("name, preset", CASES)
def test_files(models, name, preset):
    dense, directory = models.dense(name), models.carved(name, preset)
    before, after = config_of(dense), config_of(directory)
    changed = {"architectures", "model_type"}
    assert {key: after.get(key, "absent") for key in before if key not in changed} == {
        key: value for key, value in before.items() if key not in changed
    }
    assert after["base_model_type"] == before["model_type"]
    assert after["num_slices"] == 8
    assert after["num_experts"] == (0 if preset.startswith("static") else 6)

    source, written = tensors_of(dense), tensors_of(directory)
    kept = {key for key in source if ".mlp." not in key}
    assert {key for key in written if ".mlp." not in key} == kept
    for key in kept:
        assert written[key].dtype == source[key].dtype and torch.equal(written[key], source[key]), key
    dtype = source["model.embed_tokens.weight"].dtype
    for key in written.keys() - kept:
        assert written[key].dtype == (torch.float32 if ".router." in key else dtype), key
        assert not key.endswith("selection_bias") or not written[key].any(), "a carving balances nothing"

    text = "The ship came to the land.\n"
    # Trusted: AutoTokenizer reads the configuration first, and old llama3 rope keys need its class.
    carved = AutoTokenizer.from_pretrained(directory, trust_remote_code=True)
    assert carved.encode(text) == AutoTokenizer.from_pretrained(dense).encode(text)


@pytest.mark.parametrize("name", EVERY)
def test_all_experts_are_the_dense_model(models, name):
    dense = AutoModelForCausalLM.from_pretrained(
        models.dense(name), dtype=torch.float32, attn_implementation="eager"
    ).eval()
    # Not `fitted`, whose down-projections make up for the experts that do not run.
    directory = models.carved(name, "paper")
    carved = load(directory, num_experts_per_tok=config_of(directory)["num_experts"])
    ids = tokens(1, dense.config.vocab_size)
    assert_close(logits(carved, ids), logits(dense, ids))
    assert (logits(load(directory), ids) - logits(dense, ids)).abs().max() > 0.1, "experts make no difference"


@pytest.mark.parametrize("name, preset", CASES)
def test_round_trip_is_exact(models, tmp_path, name, preset):
    directory = models.carved(name, preset)
    model = load(directory, dtype="auto")
    model.save_pretrained(tmp_path)
    before, after = tensors_of(directory), tensors_of(tmp_path)
    if model.config.tie_word_embeddings:
        before.pop("lm_head.weight", None)
    assert before.keys() == after.keys()
    for key in before:
        assert before[key].dtype == after[key].dtype and torch.equal(before[key], after[key]), key
    # The same weights elsewhere in memory: PyTorch's products may round differently by where their operands lie.
    model = load(directory)
    ids = clear_tokens(model)
    assert_close(logits(load(tmp_path), ids), logits(model, ids), 1e-5)


@pytest.mark.parametrize("name, preset", CASES)
def test_runs_in_other_ways(models, name, preset):
    directory = models.carved(name, preset)
    model = load(directory)
    ids = clear_tokens(model)
    expected = logits(model, ids)
    assert_close(logits(load(directory, attn_implementation="eager"), ids), expected)

    # Greedy, token by token through the cache, against the argmax of one full pass; a near tie may go either way.
    made = model.generate(ids[None, :8], max_new_tokens=16, min_new_tokens=16, do_sample=False)[0]
    assert len(made) == 24
    again = logits(model, made[:-1])[7:]
    again[:, model.config.eos_token_id] = -float("inf")  # min_new_tokens forbids it
    best, second = again.topk(2).values.unbind(-1)
    clear = best - second > MARGIN * expected.abs().max()
    assert clear.sum() >= 8 and torch.equal(made[8:][clear], again.argmax(dim=-1)[clear])

    half = load(directory, dtype=torch.bfloat16)
    held = dict(half.named_parameters()) | {key: b for key, b in half.named_buffers() if "inv_freq" not in key}
    for key, tensor in held.items():
        assert tensor.dtype == (torch.float32 if ".router." in key else torch.bfloat16), key
    assert torch.isfinite(logits(half, ids)).all()


def test_shards(models, tmp_path):
    directory = models.carve("plain", "paper", tmp_path / "out", "--shard-size", "100KB")
    index = json.loads((directory / "model.safetensors.index.json").read_text())
    files = sorted(directory.glob("model*.safetensors"))
    assert len(files) > 1 and sorted(set(index["weight_map"].values())) == [file.name for file in files]
    for file in files:
        # The limit is on tensors, and a tensor is not cut.
        sizes = [tensor.nbytes for tensor in load_file(file).values()]
        assert sum(sizes) <= 100_000 or len(sizes) == 1
    assert index["metadata"]["total_size"] == sum(tensor.nbytes for tensor in tensors_of(directory).values())
    model = load(directory)
    ids = clear_tokens(model)
    assert_close(logits(model, ids), logits(load(models.carved("plain", "paper")), ids), 1e-5)
    assert_close(models.logits(directory, ids), logits(model, ids))


def edited(models, name, preset, directory, change_config, change_tensors=None):
    """A copy of a carved model with other settings."""
    shutil.copytree(models.carved(name, preset), directory)
    config = config_of(directory)
    change_config(config)
    (directory / "config.json").write_text(json.dumps(config))
    if change_tensors:
        (file,) = directory.glob("model*.safetensors")
        changed = load_file(file)
        change_tensors(changed, config)
        save_file(changed, file, metadata={"format": "pt"})
    return directory


def test_reader_with_all_experts(models, tmp_path):
    """Our decoder, too, must find the dense model in a carved one."""
    directory = edited(
        models,
        "linear-biases-f16",
        "paper",
        tmp_path / "all",
        lambda c: c.update(num_experts_per_tok=c["num_experts"]),
    )
    dense = AutoModelForCausalLM.from_pretrained(models.dense("linear-biases-f16"), dtype=torch.float32).eval()
    ids = tokens(1, dense.config.vocab_size)
    assert_close(models.logits(directory, ids), logits(dense, ids))


@pytest.mark.parametrize("preset, router", [("fitted", "linear"), ("paper", "cmoe")])
def test_reader_with_gates_and_balance(models, tmp_path, preset, router):
    """What tuning sets and carving leaves at its start: gate_scale and selection_bias."""

    def tune(tensors, config):
        generator = torch.Generator().manual_seed(7)
        for layer in range(config["num_hidden_layers"]):
            prefix = f"model.layers.{layer}.mlp.router."
            tensors[prefix + "gate_scale"] = torch.randn(config["num_experts"], generator=generator)
            tensors[prefix + "selection_bias"] = 0.1 * torch.randn(config["num_experts"], generator=generator)

    directory = edited(models, "plain", preset, tmp_path / "tuned", lambda c: c.update(gate_type="scaled"), tune)
    assert config_of(directory)["router_type"] == router
    model = load(directory)
    ids = clear_tokens(model)
    expected = logits(model, ids)
    untuned = logits(load(models.carved("plain", preset)), ids)
    assert (expected - untuned).abs().max() > 0.01 * expected.abs().max(), "the change makes no difference"
    assert_close(models.logits(directory, ids), expected)
