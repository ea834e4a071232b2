package dev.cmoe.safetensors;

import dev.cmoe.run.CmoeException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Holds a header against its file: every tensor has a known type, as many bytes as its shape needs,
 * and together the tensors cover the data exactly, without hole, overlap or rest.
 */
final class DataLayout {
  private final Path path;
  private final long dataStart;
  private final long fileSize;

  DataLayout(Path path, long dataStart, long fileSize) {
    this.path = path;
    this.dataStart = dataStart;
    this.fileSize = fileSize;
  }

  /** The tensors by their place in the file. */
  List<TensorInfo> place(List<HeaderEntry> entries) {
    List<TensorInfo> tensors = new ArrayList<>(entries.size());
    for (HeaderEntry entry : entries) {
      tensors.add(place(entry));
    }
    // An empty tensor shares its offset with the one after it, so it must come first.
    tensors.sort(Comparator.comparingLong(TensorInfo::offset).thenComparing(TensorInfo::end));
    checkCover(tensors);
    return List.copyOf(tensors);
  }

  private TensorInfo place(HeaderEntry entry) {
    long begin = entry.begin();
    long end = entry.end();
    String subject = "tensor " + TensorSpec.quoted(entry.name());
    if (begin < 0 || end < begin) {
      throw bad(subject + " has offsets [" + begin + ", " + end + "], which are no range");
    }
    long available = fileSize - dataStart;
    if (begin <= available) {
      subject += " at byte " + (dataStart + begin);
    }
    DType dtype = dtype(entry, subject);
    TensorSpec spec;
    try {
      spec = new TensorSpec(entry.name(), dtype, entry.shape());
    } catch (IllegalArgumentException e) {
      throw bad(subject + ": " + e.getMessage());
    }
    if (end - begin != spec.bytes()) {
      throw bad(
          subject
              + ": shape "
              + spec.shape()
              + " of "
              + dtype
              + " needs "
              + spec.bytes()
              + " bytes, its offsets give "
              + (end - begin));
    }
    if (end > available) {
      throw CmoeException.badInput(
          path,
          subject
              + " reaches beyond the end of the file at byte "
              + fileSize
              + ": "
              + (end - available)
              + " bytes are missing; the file is truncated, copy or download it again");
    }
    return new TensorInfo(spec, dataStart + begin);
  }

  private DType dtype(HeaderEntry entry, String subject) {
    try {
      return DType.valueOf(entry.dtype());
    } catch (IllegalArgumentException e) {
      throw CmoeException.badInput(
          path,
          subject
              + " has the unknown dtype "
              + TensorSpec.quoted(entry.dtype())
              + "; convert it to one of "
              + Arrays.toString(DType.values()));
    }
  }

  private void checkCover(List<TensorInfo> tensors) {
    long covered = dataStart;
    TensorInfo previous = null;
    for (TensorInfo tensor : tensors) {
      String subject = "tensor " + tensor.spec().quotedName() + " at byte " + tensor.offset();
      if (tensor.offset() < covered) {
        throw bad(
            subject
                + " overlaps tensor "
                + previous.spec().quotedName()
                + ", which ends at byte "
                + covered);
      }
      if (tensor.offset() > covered) {
        throw bad(
            subject + " leaves a hole of " + (tensor.offset() - covered) + " bytes before it");
      }
      covered = tensor.end();
      previous = tensor;
    }
    if (covered < fileSize) {
      throw bad((fileSize - covered) + " bytes from byte " + covered + " on belong to no tensor");
    }
  }

  private CmoeException bad(String what) {
    return CmoeException.badInput(path, what + "; the file is damaged, copy or download it again");
  }
}
