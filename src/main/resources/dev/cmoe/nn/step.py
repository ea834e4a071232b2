# A whole decoder in one call for tokens that come one by one, where calls weigh as much as what is small in them. The names are those of the kernels
# taken in; ffNorm and ffAfter are norm and after of the feed-forward block; beside: whether it sees what the attention sees. ends: the table of
# embeddings, the last norm, the head, its bias; enlarged: the scale of embeddings; headCap: that of the logits. layers: of each its
# norm, weights, bias, headNorms, after, ffNorm, ffAfter, and of its block inward, down and bias, or parts, selection, gateScale, always,
# alwaysDown, alwaysBias, inward, down, expertBias and downBias; turn and span: which of the tables cos and sin [C,R], and of
# seen, first and count, are each layer's; now: tokens and their positions, int64 [2,B]. The result is logits [B,V].

  # include attention
  # include feedforward
  # include decoder

  # The input of the feed-forward block, [B,d]. x before the attention, residual after it, [B,1,d].
  def seenByBlock(self: __torch__.K, x: Tensor, residual: Tensor, ffNorm: List[Tensor], eps: float, beside: bool) -> Tensor:
    if beside:
      z = (self).input(x, ffNorm, eps)
    else:
      z = (self).input(residual, ffNorm, eps)
    return z

  # One layer, with a dense block.
  def denseStep(self: __torch__.K, norm: List[Tensor], eps: float, weights: List[Tensor], bias: List[Tensor], headNorms: List[Tensor], after: List[Tensor], heads: int, shared: int, scale: float, cap: float, dtype: int, ffNorm: List[Tensor], ffAfter: List[Tensor], beside: bool, inward: List[Tensor], down: Tensor, ffBias: List[Tensor], act: int, x: Tensor, cos: Tensor, sin: Tensor, keys: Tensor, values: Tensor, positions: Tensor, seen: List[Tensor], first: int, count: int) -> Tensor:
    residual = (self).step(norm, eps, weights, bias, headNorms, after, heads, shared, scale, cap, dtype, x, cos, sin, keys, values, positions, seen, first, count)
    z = (self).seenByBlock(x, residual, ffNorm, eps, beside)
    return (self).plus(residual, (self).dense(z, inward, down, ffBias, act, dtype), ffAfter, eps)

  # One layer, with a mixture of experts.
  def mixtureStep(self: __torch__.K, norm: List[Tensor], eps: float, weights: List[Tensor], bias: List[Tensor], headNorms: List[Tensor], after: List[Tensor], heads: int, shared: int, scale: float, cap: float, dtype: int, ffNorm: List[Tensor], ffAfter: List[Tensor], beside: bool, kind: int, parts: List[Tensor], selection: List[Tensor], gateScale: List[Tensor], k: int, always: List[Tensor], alwaysDown: List[Tensor], alwaysBias: List[Tensor], inward: List[Tensor], down: List[Tensor], expertBias: List[Tensor], downBias: List[Tensor], m: int, act: int, x: Tensor, cos: Tensor, sin: Tensor, keys: Tensor, values: Tensor, positions: Tensor, seen: List[Tensor], first: int, count: int) -> Tensor:
    residual = (self).step(norm, eps, weights, bias, headNorms, after, heads, shared, scale, cap, dtype, x, cos, sin, keys, values, positions, seen, first, count)
    z = (self).seenByBlock(x, residual, ffNorm, eps, beside)
    if torch.size(z, 0) == 1:
      y = (self).mixtureOfOne(z, always, alwaysDown, alwaysBias, inward, down, expertBias, downBias, kind, parts, selection, gateScale, k, m, act, dtype)
    else:
      gates = (self).gates(z, kind, parts, selection, gateScale, act, k)
      y = (self).mixture(z, always, alwaysDown, alwaysBias, inward, down, expertBias, downBias, gates, m, act, dtype)
    return (self).plus(residual, y, ffAfter, eps)

  # Of each table, one behind the other, the rows of these positions.
  def turns(self: __torch__.K, cos: List[Tensor], sin: List[Tensor], positions: Tensor) -> List[Tensor]:
    both = annotate(List[Tensor], [])
    for i in range(len(cos)):
      both.append((self).angles(cos[i], positions))
      both.append((self).angles(sin[i], positions))
    return both

  # All layers, with dense blocks.
  def denseSteps(self: __torch__.K, ends: List[List[Tensor]], enlarged: float, headCap: float, layers: List[List[List[Tensor]]], turn: List[int], span: List[int], eps: float, heads: int, shared: int, scale: float, cap: float, dtype: int, beside: bool, act: int, cos: List[Tensor], sin: List[Tensor], keys: List[Tensor], values: List[Tensor], now: Tensor, seen: List[List[Tensor]], first: List[int], count: List[int]) -> Tensor:
    positions = torch.select(now, 0, 1)
    turns = (self).turns(cos, sin, positions)
    y = torch.unsqueeze((self).embed(torch.select(now, 0, 0), ends[0][0], enlarged), 1)
    for i in range(len(layers)):
      l = layers[i]
      t = turn[i]
      s = span[i]
      y = (self).denseStep(l[0], eps, l[1], l[2], l[3], l[4], heads, shared, scale, cap, dtype, l[5], l[6], beside, l[7], l[8][0], l[9], act, y, turns[2 * t], turns[2 * t + 1], keys[i], values[i], positions, seen[s], first[s], count[s])
    return (self).logits(torch.select(y, 1, 0), ends[1], eps, ends[2][0], ends[3], headCap, dtype)

  # All layers, with mixtures of experts.
  def mixtureSteps(self: __torch__.K, ends: List[List[Tensor]], enlarged: float, headCap: float, layers: List[List[List[Tensor]]], turn: List[int], span: List[int], eps: float, heads: int, shared: int, scale: float, cap: float, dtype: int, beside: bool, act: int, kind: int, k: int, m: int, cos: List[Tensor], sin: List[Tensor], keys: List[Tensor], values: List[Tensor], now: Tensor, seen: List[List[Tensor]], first: List[int], count: List[int]) -> Tensor:
    positions = torch.select(now, 0, 1)
    turns = (self).turns(cos, sin, positions)
    y = torch.unsqueeze((self).embed(torch.select(now, 0, 0), ends[0][0], enlarged), 1)
    for i in range(len(layers)):
      l = layers[i]
      t = turn[i]
      s = span[i]
      y = (self).mixtureStep(l[0], eps, l[1], l[2], l[3], l[4], heads, shared, scale, cap, dtype, l[5], l[6], beside, kind, l[7], l[8], l[9], k, l[10], l[11], l[12], l[13], l[14], l[15], l[16], m, act, y, turns[2 * t], turns[2 * t + 1], keys[i], values[i], positions, seen[s], first[s], count[s])
    return (self).logits(torch.select(y, 1, 0), ends[1], eps, ends[2][0], ends[3], headCap, dtype)
