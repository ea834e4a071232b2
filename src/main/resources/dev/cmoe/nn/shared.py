  # Methods of several kernels, taken in where one says "include shared".

  # In float32, x [..., d]: none leaves x, weight is RMSNorm, weight and bias LayerNorm. What is small is cold, and each operation counts: the
  # square of the norm takes fewer of them than the mean of squares.
  def normed(self: __torch__.K, x: Tensor, norm: List[Tensor], eps: float) -> Tensor:
    y = x
    if len(norm) == 1:
      size = torch.linalg_vector_norm(x, 2, [-1], True)
      factor = torch.rsqrt_(torch.addcmul(torch.full_like(size, eps), size, size, value=1. / torch.size(x, -1)))
      y = torch.mul_(torch.mul(x, factor), norm[0])
    if len(norm) == 2:
      y = torch.layer_norm(x, [torch.size(x, -1)], norm[0], norm[1], eps)
    return y

  # Rows [B*T,d] of x [B,T,d], normed where there is a norm.
  def input(self: __torch__.K, x: Tensor, norm: List[Tensor], eps: float) -> Tensor:
    return (self).normed(torch.reshape(x, [torch.size(x, 0) * torch.size(x, 1), torch.size(x, 2)]), norm, eps)

  # Residual [B,T,d] plus rows y [B*T,d], normed where there is a norm. y may be written over.
  def plus(self: __torch__.K, residual: Tensor, y: Tensor, norm: List[Tensor], eps: float) -> Tensor:
    return torch.add_(torch.reshape((self).normed(y, norm, eps), torch.size(residual)), residual)

  # x w' for x [...,k] and w [n,k], bfloat16, by way of float32. Weights go through in slabs, so that they never are there whole.
  def timesWidened(self: __torch__.K, x: Tensor, w: Tensor) -> Tensor:
    wide = torch.to(x, 6)
    slab = max(16, 2097152 // torch.size(w, 1))
    rows = torch.size(w, 0)
    parts = annotate(List[Tensor], [])
    for i in range((rows + slab - 1) // slab):
      part = torch.to(torch.narrow(w, 0, i * slab, min(slab, rows - i * slab)), 6)
      parts.append(torch.to(torch.linear(wide, part), 15))
    return torch.cat(parts, -1)

  # x w' with the weights on the left, and turned back.
  def timesAsColumns(self: __torch__.K, x: Tensor, w: Tensor) -> Tensor:
    n = torch.size(w, 0)
    k = torch.size(w, 1)
    rows = torch.numel(x) // k
    right = torch.t(torch.reshape(x, [rows, k]))
    if BLOCKS and n % 32 == 0:
      each = torch.bmm(torch.view(w, [32, n // 32, k]), torch.expand(torch.unsqueeze(right, 0), [32, k, rows]))
      columns = torch.view(each, [n, rows])
    else:
      columns = torch.mm(w, right)
    size = torch.size(x)
    size[-1] = n
    return torch.view(torch.contiguous(torch.t(columns)), size)

  # x w' for x [...,k] in the type of w [n,k]. The words in capitals stand for what this machine does fast (Products.java, which says what is
  # behind each and its bounds). They stand in the conditions themselves: where all are False the compiler drops the branch, and with it the
  # operator that another build of the engine may lack. Of oneDNN's inner product autograd knows nothing.
  def times(self: __torch__.K, x: Tensor, w: Tensor) -> Tensor:
    rows = torch.numel(x) // torch.size(x, -1)
    values = torch.numel(w)
    bfloat = ops.prim.dtype(w) == 15
    float32 = ops.prim.dtype(w) == 6
    if WIDEN and bfloat and rows >= 64:
      y = (self).timesWidened(x, w)
    else:
      recorded = ops.prim.requires_grad(x) or ops.prim.requires_grad(w)
      few = rows <= 12 and values >= 524288
      many = rows >= 320 and (values >= 1048576 or (values >= 8192 and torch.size(w, 0) >= 6 and torch.size(w, 0) <= 32))
      one = BLOCKS and float32 and rows == 1 and values >= 524288 and torch.size(w, 1) <= 2560 and torch.size(w, 0) % 32 == 0
      if ((SINGLE and bfloat and rows == 1) or (ONEDNN and float32 and not one and (few or many))) and not recorded:
        y = ops.mkldnn._linear_pointwise(x, w, None, "none", annotate(List[Optional[number]], []), "")
      else:
        if one or (COLUMNS and float32 and rows > 4 and rows <= 48 and values >= 1048576):
          y = (self).timesAsColumns(x, w)
        else:
          y = torch.linear(x, w)
    return y

  # times, plus the i-th bias where there is one: in one operation where `times` has no ways of its own for this type.
  def project(self: __torch__.K, z: Tensor, weight: Tensor, bias: List[Tensor], i: int) -> Tensor:
    if len(bias) > i:
      if ((WIDEN or SINGLE) and ops.prim.dtype(weight) == 15) or ((COLUMNS or ONEDNN) and ops.prim.dtype(weight) == 6):
        y = torch.add((self).times(z, weight), bias[i])
      else:
        y = torch.linear(z, weight, bias[i])
    else:
      y = (self).times(z, weight)
    return y

  # y [B,heads,T,D] in float32 or wider, its first R columns turned: (low, high) becomes (low cos - high sin, high cos + low sin). In a record of autograd
  # nothing works in place.
  def turned(self: __torch__.K, y: Tensor, cos: Tensor, sin: Tensor, dtype: int) -> Tensor:
    width = torch.size(cos, -1)
    middle = width // 2
    rest = torch.size(y, 3) - width
    turning = y
    if rest > 0:
      turning = torch.narrow(y, 3, 0, width)
    result = torch.mul(turning, cos)
    if ops.prim.requires_grad(y):
      result = torch.addcmul(result, torch.roll(turning, [middle], [-1]), sin)
    else:
      low = torch.addcmul_(torch.narrow(result, 3, 0, middle), torch.narrow(turning, 3, middle, middle), torch.narrow(sin, -1, 0, middle))
      high = torch.addcmul_(torch.narrow(result, 3, middle, middle), torch.narrow(turning, 3, 0, middle), torch.narrow(sin, -1, middle, middle))
    if rest > 0:
      result = torch.cat([result, torch.narrow(y, 3, width, rest)], 3)
    return torch.to(result, dtype)
