"""A dense decoder whose feed-forward layers were carved into one shared and several routed experts. Needs transformers 5.

Only the feed-forward part is new. Attention, norms, rope, cache and loss are transformers' own Llama classes, so that
attention back ends, `generate` and gradient checkpointing behave as they do for the dense model.
"""

import torch
import torch.nn.functional as F
from torch import nn
from transformers import initialization as init
from transformers.activations import ACT2FN
from transformers.models.llama.modeling_llama import (
    LlamaAttention,
    LlamaDecoderLayer,
    LlamaForCausalLM,
    LlamaModel,
    LlamaPreTrainedModel,
    LlamaRMSNorm,
    LlamaRotaryEmbedding,
)

from .configuration_cmoe import CmoeConfig


class CmoeRouter(nn.Module):
    """Scores the routed experts for every token and picks the best.

    Tensors, all float32 whatever the model's dtype is, since a rounded score picks another expert:

        linear  weight [E, h], bias [E]                score = z W^T + b
        cmoe    gate_weight [E, h], up_weight [E, h]   score = softmax |(z U^T) * act(z G^T)|; rows have unit norm
        both    selection_bias [E]                     added for the choice only, never to a gate
                gate_scale [E]                         only with gate_type "scaled": gate = 1 + softmax(score) * gate_scale
    """

    def __init__(self, config: CmoeConfig):
        super().__init__()
        experts, hidden = config.num_experts, config.hidden_size
        self.top_k = config.num_experts_per_tok
        self.router_type = config.router_type
        self.act_fn = ACT2FN[config.hidden_act]

        def parameter(*shape):
            return nn.Parameter(torch.empty(shape, dtype=torch.float32))

        if config.router_type == "linear":
            self.weight = parameter(experts, hidden)
            self.bias = parameter(experts)
        else:
            self.gate_weight = parameter(experts, hidden)
            self.up_weight = parameter(experts, hidden)
        # A buffer: it follows the load, not a gradient.
        self.selection_bias = nn.Buffer(torch.zeros(experts, dtype=torch.float32))
        self.gate_scale = parameter(experts) if config.gate_type == "scaled" else None

    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Of tokens z [T, h]: what the choice was made by [T, E], the chosen experts [T, k], their gates [T, k] or None for 1."""
        # Autocast would turn the products back into half precision. `.float()` also covers a later model.to(bfloat16).
        with torch.autocast(device_type=z.device.type, enabled=False):
            z = z.float()
            if self.router_type == "linear":
                scores = F.linear(z, self.weight.float(), self.bias.float())
            else:
                gate = self.act_fn(F.linear(z, self.gate_weight.float()))
                scores = (F.linear(z, self.up_weight.float()) * gate).abs().softmax(dim=-1)
            preference = scores + self.selection_bias.float()
            # A stable sort instead of topk: between equals the lower index wins, on every device.
            chosen = preference.sort(dim=-1, descending=True, stable=True).indices[:, : self.top_k]
            if self.gate_scale is None:
                return preference, chosen, None
            share = scores.softmax(dim=-1) if self.router_type == "linear" else scores
            gates = 1 + share * self.gate_scale.float()
            return preference, chosen, gates.gather(1, chosen)


class CmoeExperts(nn.Module):
    """The routed experts, fused: gate_up_proj [E, 2m, h] (gate rows, then up rows) and down_proj [E, h, m].

    With `mlp_bias` also gate_up_bias [E, 2m]. The down bias belongs to no expert, see CmoeFeedForward.
    """

    def __init__(self, config: CmoeConfig):
        super().__init__()
        experts, hidden, width = config.num_experts, config.hidden_size, config.moe_intermediate_size
        self.gate_up_proj = nn.Parameter(torch.empty(experts, 2 * width, hidden))
        self.down_proj = nn.Parameter(torch.empty(experts, hidden, width))
        self.gate_up_bias = nn.Parameter(torch.empty(experts, 2 * width)) if config.mlp_bias else None
        self.act_fn = ACT2FN[config.hidden_act]

    def forward(self, z: torch.Tensor, chosen: torch.Tensor, gates: torch.Tensor | None, out: torch.Tensor) -> torch.Tensor:
        """Adds the chosen experts' outputs to `out` [T, h], in place."""
        experts, k = self.gate_up_proj.shape[0], chosen.shape[1]
        # Group the T * k choices by expert with one sort and one read-back of the counts, then visit only experts in use:
        # a decoding step runs k small products, not E.
        choices = chosen.flatten()
        order = choices.argsort(stable=True)
        counts = choices.bincount(minlength=experts).tolist()
        for e, picks in enumerate(order.split(counts)):
            if counts[e] == 0:
                continue
            tokens = picks // k
            bias = None if self.gate_up_bias is None else self.gate_up_bias[e]
            gate, up = F.linear(z[tokens], self.gate_up_proj[e], bias).chunk(2, dim=-1)
            y = F.linear(self.act_fn(gate) * up, self.down_proj[e])
            if gates is not None:
                y = y * gates.flatten()[picks, None]
            out.index_add_(0, tokens, y.to(out.dtype))
        return out


class CmoeSharedExpert(nn.Module):
    """The slices that run for every token, as one gated FFN. Its down bias is CmoeFeedForward's."""

    def __init__(self, config: CmoeConfig):
        super().__init__()
        hidden, width = config.hidden_size, config.shared_intermediate_size
        self.gate_proj = nn.Linear(hidden, width, bias=config.mlp_bias)
        self.up_proj = nn.Linear(hidden, width, bias=config.mlp_bias)
        self.down_proj = nn.Linear(width, hidden, bias=False)
        self.act_fn = ACT2FN[config.hidden_act]

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.down_proj(self.act_fn(self.gate_proj(z)) * self.up_proj(z))


class CmoeFeedForward(nn.Module):
    """y = shared(z) + sum of gate_i * expert_i(z) over the chosen experts (+ down_bias).

    `shared_expert` is absent when `shared_intermediate_size` is 0, `router` and `experts` when `num_experts` is 0. With
    `mlp_bias` there is `down_bias` [h], the dense down_proj's bias: it is added once per token, whichever experts run, so it
    is kept outside of all of them.
    """

    def __init__(self, config: CmoeConfig):
        super().__init__()
        self.shared_expert = CmoeSharedExpert(config) if config.shared_intermediate_size else None
        self.router = CmoeRouter(config) if config.num_experts else None
        self.experts = CmoeExperts(config) if config.num_experts else None
        self.down_bias = nn.Parameter(torch.empty(config.hidden_size)) if config.mlp_bias else None

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        z = hidden_states.reshape(-1, hidden_states.shape[-1])
        out = torch.zeros_like(z) if self.shared_expert is None else self.shared_expert(z)
        if self.down_bias is not None:
            out = out + self.down_bias
        if self.experts is not None:
            _, chosen, gates = self.router(z)
            out = self.experts(z, chosen, gates, out)
        return out.view_as(hidden_states)


class CmoeAttention(LlamaAttention):
    """Llama's attention, where the biases of q, k, v and that of the output are separate choices, as in Qwen2."""

    def __init__(self, config: CmoeConfig, layer_idx: int):
        super().__init__(config, layer_idx)
        if config.attention_output_bias != config.attention_bias:
            self.o_proj = nn.Linear(
                self.o_proj.in_features, self.o_proj.out_features, bias=config.attention_output_bias
            )


# The three constructors below skip their parent's, which would build the dense feed-forward layers only to drop them;
# the parents' `forward` is used as it is.


class CmoeDecoderLayer(LlamaDecoderLayer):
    def __init__(self, config: CmoeConfig, layer_idx: int):
        super(LlamaDecoderLayer, self).__init__()
        self.hidden_size = config.hidden_size
        self.self_attn = CmoeAttention(config, layer_idx)
        self.mlp = CmoeFeedForward(config)
        self.input_layernorm = LlamaRMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.post_attention_layernorm = LlamaRMSNorm(config.hidden_size, eps=config.rms_norm_eps)


class CmoePreTrainedModel(LlamaPreTrainedModel):
    config: CmoeConfig
    _no_split_modules = ["CmoeDecoderLayer"]
    _can_record_outputs = {"hidden_states": CmoeDecoderLayer, "attentions": CmoeAttention}
    # The loop over the experts in use depends on the data.
    _can_compile_fullgraph = False
    # Patterns on parameter names: a half-precision load leaves the routers alone.
    _keep_in_fp32_modules_strict = [r"mlp\.router\."]

    @torch.no_grad()
    def _init_weights(self, module):
        """Only for tensors that no checkpoint supplied: the `init` functions leave loaded ones untouched."""
        super()._init_weights(module)
        std = self.config.initializer_range
        if isinstance(module, CmoeExperts):
            init.normal_(module.gate_up_proj, std=std)
            init.normal_(module.down_proj, std=std)
            if module.gate_up_bias is not None:
                init.zeros_(module.gate_up_bias)
        elif isinstance(module, CmoeFeedForward):
            if module.down_bias is not None:
                init.zeros_(module.down_bias)
        elif isinstance(module, CmoeRouter):
            if module.router_type == "linear":
                init.normal_(module.weight, std=std)
                init.zeros_(module.bias)
            else:
                init.normal_(module.gate_weight, std=std)
                init.normal_(module.up_weight, std=std)
            init.zeros_(module.selection_bias)
            if module.gate_scale is not None:
                init.zeros_(module.gate_scale)


class CmoeModel(CmoePreTrainedModel, LlamaModel):
    def __init__(self, config: CmoeConfig):
        CmoePreTrainedModel.__init__(self, config)
        self.padding_idx = config.pad_token_id
        self.vocab_size = config.vocab_size
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size, self.padding_idx)
        self.layers = nn.ModuleList(CmoeDecoderLayer(config, i) for i in range(config.num_hidden_layers))
        self.norm = LlamaRMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.rotary_emb = LlamaRotaryEmbedding(config=config)
        self.gradient_checkpointing = False
        self.post_init()


class CmoeForCausalLM(CmoePreTrainedModel, LlamaForCausalLM):
    # Version 5 wants {tied: source}; whether it applies is config.tie_word_embeddings.
    _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}

    def __init__(self, config: CmoeConfig):
        CmoePreTrainedModel.__init__(self, config)
        self.model = CmoeModel(config)
        self.vocab_size = config.vocab_size
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()


__all__ = ["CmoeForCausalLM", "CmoeModel", "CmoePreTrainedModel"]
