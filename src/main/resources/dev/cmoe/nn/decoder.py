# The ends of a decoder and what its blocks share.

  # include shared

  # tokens [...] -> float32 [...,d].
  def embed(self: __torch__.K, tokens: Tensor, table: Tensor, scale: float) -> Tensor:
    return torch.mul(torch.to(torch.embedding(table, tokens), 6), scale)

  # x [n,d] -> float32 logits [n,V]. A head in another type than the compute type is converted a slab at a time. bias: none or [V]; cap 0: none.
  def logits(self: __torch__.K, x: Tensor, norm: List[Tensor], eps: float, head: Tensor, bias: List[Tensor], cap: float, dtype: int) -> Tensor:
    z = torch.to((self).normed(x, norm, eps), dtype)
    if ops.prim.dtype(head) == dtype:
      y = torch.to((self).times(z, head), 6)
    else:
      words = torch.size(head, 0)
      slab = 8192
      parts = annotate(List[Tensor], [])
      for i in range((words + slab - 1) // slab):
        rows = torch.narrow(head, 0, i * slab, min(slab, words - i * slab))
        parts.append(torch.to((self).times(z, torch.to(rows, dtype)), 6))
      y = torch.cat(parts, 1)
    if len(bias) > 0:
      y = torch.add_(y, bias[0])
    if cap > 0.:
      y = torch.mul_(torch.tanh_(torch.div_(y, cap)), cap)
    return y

  # Negative log-likelihood, nats, of targets [n] under logits [n,V]; float64 [n].
  def surprise(self: __torch__.K, logits: Tensor, targets: Tensor) -> Tensor:
    chosen = torch.squeeze(torch.gather(logits, 1, torch.unsqueeze(targets, 1)), 1)
    return torch.to(torch.sub(torch.logsumexp(logits, [1]), chosen), 7)

  # Per token: KL(p || q) in nats and whether the two most likely tokens agree; both float64 [n].
  def divergence(self: __torch__.K, p: Tensor, q: Tensor) -> Tuple[Tensor, Tensor]:
    a = torch.log_softmax(p, 1)
    b = torch.log_softmax(q, 1)
    kl = torch.to(torch.sum(torch.mul(torch.exp(a), torch.sub(a, b)), [1]), 7)
    same = torch.to(torch.eq(torch.argmax(p, 1), torch.argmax(q, 1)), 7)
    return (kl, same)

  # What a stored norm that leaves out 1 stands for.
  def plusOne(self: __torch__.K, norm: Tensor) -> Tensor:
    return torch.add(norm, 1.)

  # Rows [first, first+count) along dimension 0, reshaped.
  def rows(self: __torch__.K, x: Tensor, first: int, count: int, shape: List[int]) -> Tensor:
    return torch.reshape(torch.narrow(x, 0, first, count), shape)

  # Rows of x [B,T,d], counted over all sequences: [n,d].
  def pick(self: __torch__.K, x: Tensor, rows: Tensor) -> Tensor:
    return torch.index_select(torch.reshape(x, [torch.size(x, 0) * torch.size(x, 1), torch.size(x, 2)]), 0, rows)

  # Rows of each part, one after the other.
  def joined(self: __torch__.K, parts: List[Tensor]) -> Tensor:
    return torch.cat(parts, 0)

  # The most likely token of each row of logits [n,V]: int64 [n]; -1 for a row with logits that are no numbers.
  def best(self: __torch__.K, logits: Tensor) -> Tensor:
    most, token, = torch.max(logits, 1)
    return torch.where(torch.isfinite(most), token, torch.full_like(token, -1))

  # a b' in the compute type: what estimates of time are measured with.
  def product(self: __torch__.K, a: Tensor, b: Tensor, dtype: int) -> Tensor:
    return (self).times(torch.to(a, dtype), torch.to(b, dtype))
