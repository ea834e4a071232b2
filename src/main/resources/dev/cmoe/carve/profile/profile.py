# What the neurons of one layer do on calibration tokens. h [n,f] holds tokens by neurons; wnorm [f] the norms of the columns of Wdown.
# A neuron's contribution is c = |h| * wnorm.

  # Zero rows up to `width` neurons, so that every expert has the same number.
  def padRows(self: __torch__.K, w: Tensor, width: int) -> Tensor:
    return torch.constant_pad_nd(w, [0, 0, 0, width - torch.size(w, 0)])

  def padColumns(self: __torch__.K, w: Tensor, width: int) -> Tensor:
    return torch.constant_pad_nd(w, [0, width - torch.size(w, 1)])

  def padVector(self: __torch__.K, w: Tensor, width: int) -> Tensor:
    return torch.constant_pad_nd(w, [0, width - torch.size(w, 0)])

  def columnNorms(self: __torch__.K, down: Tensor) -> Tensor:
    return torch.to(torch.linalg_vector_norm(torch.to(down, 6), 2, [0]), 6)

  # At least a tiny number, so that a padding row stays zero when divided by it.
  def rowNorms(self: __torch__.K, w: Tensor) -> Tensor:
    return torch.clamp_min(torch.linalg_vector_norm(torch.to(w, 6), 2, [1]), 1e-12)

  # Sums over tokens of c and of c^2, float64 [f] each.
  def contributionSums(self: __torch__.K, h: Tensor, wnorm: Tensor) -> Tuple[Tensor, Tensor]:
    c = torch.mul_(torch.abs(torch.to(h, 6)), wnorm)
    sum = torch.to(torch.sum(c, [0]), 7)
    return (sum, torch.to(torch.sum(torch.mul_(c, c), [0]), 7))

  # The k neurons with the largest c of each token, int64 [n,k].
  def strongest(self: __torch__.K, h: Tensor, wnorm: Tensor, k: int) -> Tensor:
    values, ids = torch.topk(torch.mul(torch.abs(torch.to(h, 6)), wnorm), k)
    return ids

  # c of the neurons `ids` for the tokens `tokens`, neuron by neuron: float32 [ids,tokens].
  def columns(self: __torch__.K, h: Tensor, wnorm: Tensor, ids: Tensor, tokens: Tensor) -> Tensor:
    x = torch.index_select(torch.to(torch.index_select(h, 0, tokens), 6), 1, ids)
    return torch.contiguous(torch.t(torch.mul(torch.abs(x), torch.index_select(wnorm, 0, ids))))

  # In place.
  def activated(self: __torch__.K, x: Tensor, act: int) -> Tensor:
    if act == 0:
      y = torch.silu_(x)
    else:
      if act == 1:
        y = torch.gelu_(x)
      else:
        y = torch.gelu_(x, approximate="tanh")
    return y

  # CMoE 1.2: unit tokens and unit weight rows make both arguments cosines. One pair of products serves this and the true h.
  # Returns h, the top-k of the first `neurons` of each token by |hn| (int64 [n,k]; the others are padding) and the sum over tokens of |hn| (float64 [f]).
  # inward: gate and up, or up alone; act as in feedforward.
  def unit(self: __torch__.K, z: Tensor, inward: List[Tensor], bias: List[Tensor], norms: List[Tensor], neurons: int, k: int, act: int, dtype: int) -> Tuple[Tensor, Tensor, Tensor]:
    x = torch.to(z, dtype)
    length = torch.clamp_min(torch.linalg_vector_norm(z, 2, [1], True), 1e-12)
    p = torch.linear(x, inward[0])
    hn = (self).activated(torch.div(torch.div(torch.to(p, 6), length), norms[0]), act)
    if len(bias) > 0:
      p = torch.add(p, bias[0])
    h = (self).activated(p, act)
    if len(inward) > 1:
      q = torch.linear(x, inward[1])
      hn = torch.mul_(hn, torch.div(torch.div(torch.to(q, 6), length), norms[1]))
      if len(bias) > 0:
        q = torch.add(q, bias[1])
      h = torch.mul_(h, q)
    hn = torch.abs_(hn)
    values, ids = torch.topk(torch.narrow(hn, 1, 0, neurons), k)
    return (h, ids, torch.sum(hn, [0], dtype=7))

  def squared(self: __torch__.K, c: Tensor) -> Tensor:
    return torch.mul(c, c)

  def rowsOf(self: __torch__.K, x: Tensor, rows: Tensor) -> Tensor:
    return torch.index_select(x, 0, rows)

  # Columns of h in a new order.
  def reordered(self: __torch__.K, h: Tensor, order: Tensor) -> Tensor:
    return torch.index_select(h, 1, order)

  def rowsReordered(self: __torch__.K, w: Tensor, order: Tensor) -> Tensor:
    return torch.index_select(w, 0, order)

  # h in expert order [n, shared + E*m] with the experts that did not run zeroed. gates [n,E].
  def masked(self: __torch__.K, h: Tensor, gates: Tensor, shared: int) -> Tensor:
    n = torch.size(h, 0)
    routed = torch.size(h, 1) - shared
    experts = torch.size(gates, 1)
    if experts == 0:
      return h
    grouped = torch.reshape(torch.narrow(h, 1, shared, routed), [n, experts, routed // experts])
    kept = torch.mul(grouped, torch.unsqueeze(torch.to(gates, h), 2))
    return torch.cat([torch.narrow(h, 1, 0, shared), torch.reshape(kept, [n, routed])], 1)

  def firstColumns(self: __torch__.K, x: Tensor, count: int) -> Tensor:
    return torch.contiguous(torch.narrow(x, 1, 0, count))

  def besideEachOther(self: __torch__.K, parts: List[Tensor]) -> Tensor:
    return torch.contiguous(torch.cat(parts, 1))

  def onTopOfEachOther(self: __torch__.K, parts: List[Tensor]) -> Tensor:
    return torch.cat(parts, 0)

  # y = h Wdown' (+ bias), float32 [n,d]; bias: none or [d].
  def output(self: __torch__.K, h: Tensor, down: Tensor, bias: List[Tensor], dtype: int) -> Tensor:
    y = torch.to(torch.linear(torch.to(h, dtype), torch.to(down, dtype)), 6)
    if len(bias) > 0:
      y = torch.add(y, torch.to(bias[0], 6))
    return y

  def withBias(self: __torch__.K, y: Tensor, bias: List[Tensor]) -> Tensor:
    if len(bias) > 0:
      y = torch.add(y, torch.to(bias[0], 6))
    return y

  # Sums of squares of a - b and of b, float64 [2]; bias: none or what b lacks.
  def error(self: __torch__.K, a: Tensor, b: Tensor, bias: List[Tensor]) -> Tensor:
    whole = b
    if len(bias) > 0:
      whole = torch.add(b, torch.to(bias[0], 6))
    e = torch.sub(a, whole)
    return torch.stack([torch.sum(torch.mul(e, e), dtype=7), torch.sum(torch.mul(whole, whole), dtype=7)])

  # Largest |a - b| and largest |b|, float64 [2]; bias: none or what b lacks.
  def largestDifference(self: __torch__.K, a: Tensor, b: Tensor, bias: List[Tensor]) -> Tensor:
    whole = b
    if len(bias) > 0:
      whole = torch.add(b, torch.to(bias[0], 6))
    return torch.to(torch.stack([torch.max(torch.abs(torch.sub(a, whole))), torch.max(torch.abs(whole))]), 7)

  def toFloat(self: __torch__.K, w: Tensor) -> Tensor:
    return torch.to(w, 6)

  # Values as the output file will hold them.
  def rounded(self: __torch__.K, w: Tensor, stored: int) -> Tensor:
    return torch.to(torch.to(w, stored), 6)
