# A whole layer in one call for tokens that come one by one, where calls weigh as much as what is small in them. The names are those of
# the kernels taken in; ffNorm and ffAfter are norm and after of the feed-forward block; beside: whether it sees what the attention sees.

  # include attention
  # include feedforward

  # The input of the feed-forward block, [B,d]. x before the attention, residual after it, [B,1,d].
  def seenByBlock(self: __torch__.K, x: Tensor, residual: Tensor, ffNorm: List[Tensor], eps: float, beside: bool) -> Tensor:
    if beside:
      z = (self).input(x, ffNorm, eps)
    else:
      z = (self).input(residual, ffNorm, eps)
    return z

  # With a dense block.
  def denseStep(self: __torch__.K, norm: List[Tensor], eps: float, weights: List[Tensor], bias: List[Tensor], headNorms: List[Tensor], after: List[Tensor], heads: int, shared: int, scale: float, cap: float, dtype: int, ffNorm: List[Tensor], ffAfter: List[Tensor], beside: bool, inward: List[Tensor], down: Tensor, ffBias: List[Tensor], act: int, x: Tensor, cos: Tensor, sin: Tensor, keys: Tensor, values: Tensor, positions: Tensor, seen: List[Tensor], first: int, count: int) -> Tensor:
    residual = (self).step(norm, eps, weights, bias, headNorms, after, heads, shared, scale, cap, dtype, x, cos, sin, keys, values, positions, seen, first, count)
    z = (self).seenByBlock(x, residual, ffNorm, eps, beside)
    return (self).plus(residual, (self).dense(z, inward, down, ffBias, act, dtype), ffAfter, eps)

  # With a mixture of experts.
  def mixtureStep(self: __torch__.K, norm: List[Tensor], eps: float, weights: List[Tensor], bias: List[Tensor], headNorms: List[Tensor], after: List[Tensor], heads: int, shared: int, scale: float, cap: float, dtype: int, ffNorm: List[Tensor], ffAfter: List[Tensor], beside: bool, kind: int, parts: List[Tensor], selection: List[Tensor], gateScale: List[Tensor], k: int, always: List[Tensor], alwaysDown: List[Tensor], alwaysBias: List[Tensor], inward: List[Tensor], down: List[Tensor], expertBias: List[Tensor], downBias: List[Tensor], m: int, act: int, x: Tensor, cos: Tensor, sin: Tensor, keys: Tensor, values: Tensor, positions: Tensor, seen: List[Tensor], first: int, count: int) -> Tensor:
    residual = (self).step(norm, eps, weights, bias, headNorms, after, heads, shared, scale, cap, dtype, x, cos, sin, keys, values, positions, seen, first, count)
    z = (self).seenByBlock(x, residual, ffNorm, eps, beside)
    gates = (self).gates(z, kind, parts, selection, gateScale, act, k)
    return (self).plus(residual, (self).mixture(z, always, alwaysDown, alwaysBias, inward, down, expertBias, downBias, gates, m, act, dtype), ffAfter, eps)
