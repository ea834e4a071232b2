"""Configuration of a model that `cmoe` carved out of a dense one. Needs transformers 5."""

from typing import Literal

import transformers
from huggingface_hub.dataclasses import strict
from transformers.models.llama.configuration_llama import LlamaConfig

# Version 4 reads other rope keys and another form of tied weights: it would load the weights and compute nonsense.
if int(transformers.__version__.split(".")[0]) < 5:
    raise ImportError(f"This model needs transformers 5 or newer, found {transformers.__version__}.")


@strict
class CmoeConfig(LlamaConfig):
    r"""
    The dense model's own keys, unchanged, plus what the carving decided. `intermediate_size` stays the dense FFN width.

    A carving `SxAyEz` cuts that width into z slices of m neurons: x always run, y of the z - x others run for each token.

        base_model_type           `model_type` of the dense source
        num_slices                z
        num_shared_slices         x
        num_experts               routed experts, z - x; 0 when nothing is routed
        num_experts_per_tok       routed experts that run for a token, y; 0 when nothing is routed
        moe_intermediate_size     m; z * m may exceed `intermediate_size`, the surplus neurons are zero
        shared_intermediate_size  width that always runs, x * m; may be 0
        router_type               "linear", "cmoe", or "none" when nothing is routed
        gate_type                 "one": experts are added as they are; "scaled": by a learned factor that starts at one
        attention_output_bias     whether o_proj has a bias; as `attention_bias` when absent

    Llama's config class is the parent so that a key which is absent from an old config.json keeps Llama's default, and the
    old spelling of rope (`rope_theta` and `rope_scaling` at the top level) keeps working.
    """

    model_type = "cmoe"

    # Llama's plan names the dense FFN's projections. Experts are not sharded.
    base_model_tp_plan = {
        "layers.*.self_attn.q_proj": "colwise",
        "layers.*.self_attn.k_proj": "colwise",
        "layers.*.self_attn.v_proj": "colwise",
        "layers.*.self_attn.o_proj": "rowwise",
    }

    base_model_type: str = "llama"
    num_slices: int = 8
    num_shared_slices: int = 3
    num_experts: int = 5
    num_experts_per_tok: int = 3
    moe_intermediate_size: int = 1376
    shared_intermediate_size: int = 4128
    router_type: Literal["linear", "cmoe", "none"] = "linear"
    gate_type: Literal["one", "scaled"] = "one"
    attention_output_bias: bool | None = None

    def __post_init__(self, **kwargs):
        if self.attention_output_bias is None:
            self.attention_output_bias = self.attention_bias
        super().__post_init__(**kwargs)

    def validate_carving(self):
        """Called by `@strict`, as every method named validate_*."""
        if (self.num_experts == 0) != (self.router_type == "none"):
            raise ValueError(f"router_type {self.router_type!r} does not fit num_experts {self.num_experts}.")
        if not 0 <= self.num_experts_per_tok <= self.num_experts:
            raise ValueError(f"num_experts_per_tok must lie in 0..{self.num_experts}, got {self.num_experts_per_tok}.")


__all__ = ["CmoeConfig"]
