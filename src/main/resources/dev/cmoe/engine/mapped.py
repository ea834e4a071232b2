# Weights in a mapped file: nothing is read before it is used, and pages can be dropped again.

  # The whole file as `elements` values of type `dtype`, counted from byte 0.
  def map(self: __torch__.K, path: str, elements: int, dtype: int) -> Tensor:
    return torch.from_file(path, False, elements, dtype=dtype)

  # `count` values from `first`, as a tensor of its own in the compute type on the device. A copy only where type or device differ.
  def load(self: __torch__.K, file: Tensor, first: int, shape: List[int], dtype: int, device: str) -> Tensor:
    count = 1
    for size in shape:
      count = count * size
    view = torch.view(torch.narrow(file, 0, first, count), shape)
    return torch.to(view, torch.device(device), dtype)

  def place(self: __torch__.K, x: Tensor, dtype: int, device: str) -> Tensor:
    return torch.to(x, torch.device(device), dtype)

  # Columns from `first` of matrices, row after row, as one tensor of `shape` with memory of its own.
  def joined(self: __torch__.K, pieces: List[Tensor], first: int, shape: List[int], dtype: int, device: str) -> Tensor:
    y = torch.empty(shape, dtype=dtype, device=torch.device(device))
    columns = shape[len(shape) - 1]
    rows = torch.view(y, [-1, columns])
    row = 0
    for i in range(len(pieces)):
      count = torch.size(pieces[i], 0)
      part = torch.copy_(torch.narrow(rows, 0, row, count), torch.narrow(pieces[i], 1, first, columns))
      row = row + count
    return y
