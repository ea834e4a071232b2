  # Methods of several kernels, taken in where one says "include shared".

  # In float32, x [..., d]: none leaves x, weight is RMSNorm, weight and bias LayerNorm. The sum, scaled, takes half as long as mean does for one row.
  def normed(self: __torch__.K, x: Tensor, norm: List[Tensor], eps: float) -> Tensor:
    y = x
    if len(norm) == 1:
      y = torch.mul(norm[0], torch.mul(x, torch.rsqrt_(torch.add_(torch.mul_(torch.sum(torch.mul(x, x), [-1], True), 1. / torch.size(x, -1)), eps))))
    if len(norm) == 2:
      y = torch.layer_norm(x, [torch.size(x, -1)], norm[0], norm[1], eps)
    return y

  # Rows [B*T,d] of x [B,T,d], normed where there is a norm.
  def input(self: __torch__.K, x: Tensor, norm: List[Tensor], eps: float) -> Tensor:
    return (self).normed(torch.reshape(x, [torch.size(x, 0) * torch.size(x, 1), torch.size(x, 2)]), norm, eps)

  # Residual [B,T,d] plus rows y [B*T,d], normed where there is a norm.
  def plus(self: __torch__.K, residual: Tensor, y: Tensor, norm: List[Tensor], eps: float) -> Tensor:
    return torch.add(residual, torch.reshape((self).normed(y, norm, eps), torch.size(residual)))

  # x w' for x [...,k] in the type of w [n,k]. WIDEN stands for whether this machine multiplies many rows faster in float32 than in bfloat16:
  # weights then go through in slabs, so that they never are there whole.
  def times(self: __torch__.K, x: Tensor, w: Tensor) -> Tensor:
    if WIDEN and ops.prim.dtype(w) == 15 and torch.numel(x) // torch.size(x, -1) >= 64:
      wide = torch.to(x, 6)
      slab = max(16, 2097152 // torch.size(w, 1))
      rows = torch.size(w, 0)
      parts = annotate(List[Tensor], [])
      for i in range((rows + slab - 1) // slab):
        part = torch.to(torch.narrow(w, 0, i * slab, min(slab, rows - i * slab)), 6)
        parts.append(torch.to(torch.linear(wide, part), 15))
      y = torch.cat(parts, -1)
    else:
      y = torch.linear(x, w)
    return y

  # times, plus the i-th bias where there is one.
  def project(self: __torch__.K, z: Tensor, weight: Tensor, bias: List[Tensor], i: int) -> Tensor:
    if len(bias) > i:
      if WIDEN:
        y = torch.add((self).times(z, weight), bias[i])
      else:
        y = torch.linear(z, weight, bias[i])
    else:
      y = (self).times(z, weight)
    return y

  # y [B,heads,T,D], its first R columns turned: (low, high) becomes (low cos - high sin, high cos + low sin).
  def turned(self: __torch__.K, y: Tensor, cos: Tensor, sin: Tensor, dtype: int) -> Tensor:
    width = torch.size(cos, -1)
    rest = torch.size(y, 3) - width
    turning = y
    if rest > 0:
      turning = torch.narrow(y, 3, 0, width)
    result = torch.addcmul(torch.mul(turning, cos), torch.roll(turning, [width // 2], [-1]), sin)
    if rest > 0:
      result = torch.cat([result, torch.narrow(y, 3, width, rest)], 3)
    return torch.to(result, dtype)

