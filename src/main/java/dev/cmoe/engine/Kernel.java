package dev.cmoe.engine;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import dev.cmoe.run.CmoeException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * A block of tensor work, written as TorchScript text in a resource and run in one native call.
 * Arguments are tensors, lists of tensors (an empty list stands for an absent optional one) and
 * lists of such lists, maps of tensors by name, longs, doubles, booleans and strings.
 */
public final class Kernel {
  /** As libtorch's allocators of several devices and versions put it. */
  private static final Pattern OUT_OF_MEMORY =
      Pattern.compile(
          "not enough memory|out of memory|can't allocate memory|cannot allocate memory",
          Pattern.CASE_INSENSITIVE);

  private static final IValue[] NOTHING = {};

  private final String name;
  private final PtSymbolBlock block;
  private final boolean recordable;
  private final Map<String, long[]> times = new TreeMap<>();

  /**
   * @param recordable whether results may be what gradients go through later
   */
  Kernel(String name, PtSymbolBlock block, boolean recordable) {
    this.name = name;
    this.block = block;
    this.recordable = recordable;
  }

  /** Runs a method that returns one tensor; {@code into} owns the result. */
  public Tensor call(Scope into, String method, Object... arguments) {
    return run(into, method, arguments, false)[0];
  }

  /** Runs a method that returns a tuple or list of tensors; {@code into} owns the results. */
  public Tensor[] callAll(Scope into, String method, Object... arguments) {
    return run(into, method, arguments, false);
  }

  /**
   * Runs a method that asks autograd for gradients: operations on tensors that require them are
   * recorded while it runs. It returns tensors cut off from that record, which {@code into} owns.
   *
   * @throws IllegalStateException when the engine was not started for it
   */
  public Tensor[] differentiate(Scope into, String method, Object... arguments) {
    if (!recordable) {
      throw new IllegalStateException("the engine was not started for gradients");
    }
    return run(into, method, arguments, true);
  }

  /** Runs a method for its effect on its arguments. */
  public void apply(Scope scratch, String method, Object... arguments) {
    try (Scope scope = scratch.child()) {
      run(scope, method, arguments, false);
    }
  }

  /**
   * A method with its first arguments, which are handed over once and not at every call.
   *
   * @param owner of what is handed over; it must outlive the calls
   */
  public Prepared prepare(Scope owner, String method, Object... constants) {
    return new Prepared(method, NOTHING).with(owner, constants);
  }

  /** See {@link Kernel#prepare}. */
  public final class Prepared {
    private final String method;
    private final IValue[] values;

    private Prepared(String method, IValue[] values) {
      this.method = method;
      this.values = values;
    }

    /**
     * The method with these arguments and more of them. Both owners must outlive the calls.
     *
     * @param owner of what is handed over now
     */
    public Prepared with(Scope owner, Object... constants) {
      IValue[] more = values(constants);
      for (IValue value : more) {
        owner.own(value);
      }
      return new Prepared(method, joined(values, more));
    }

    /** Runs the method, which returns one tensor; {@code into} owns the result. */
    public Tensor call(Scope into, Object... more) {
      return timed(method, () -> invoke(into, method, values, more, false))[0];
    }
  }

  private Tensor[] run(Scope into, String method, Object[] arguments, boolean recording) {
    return timed(method, () -> invoke(into, method, NOTHING, arguments, recording));
  }

  private Tensor[] timed(String method, Supplier<Tensor[]> work) {
    long start = System.nanoTime();
    KernelGate.enter();
    try {
      return work.get();
    } finally {
      KernelGate.leave();
      times.computeIfAbsent(method, m -> new long[2]);
      times.get(method)[0]++;
      times.get(method)[1] += System.nanoTime() - start;
    }
  }

  /** Calls and seconds of each method so far, for the log. */
  List<String> times() {
    return times.entrySet().stream()
        .map(
            e ->
                String.format(
                    Locale.ROOT,
                    "%8.3f s %7d calls  %s.%s",
                    e.getValue()[1] / 1e9,
                    e.getValue()[0],
                    name,
                    e.getKey()))
        .toList();
  }

  private Tensor[] invoke(
      Scope into, String method, IValue[] prepared, Object[] arguments, boolean recording) {
    IValue[] own = {};
    try {
      // The profiling executor takes a second to compile versions of a method in its first two
      // runs, which are no faster and may round otherwise. The setting is the thread's.
      JniUtils.setGraphExecutorOptimize(false);
      own = values(arguments);
      IValue[] all = joined(prepared, own);
      try (IValue result =
          recordable
              ? TrainMode.runMethod(block, method, recording, all)
              : IValueUtils.runMethod(block, method, all)) {
        return tensors(into, result);
      }
    } catch (RuntimeException e) {
      throw failure(method, arguments, e);
    } finally {
      for (IValue value : own) {
        value.close();
      }
    }
  }

  private static IValue[] joined(IValue[] first, IValue[] then) {
    IValue[] all = Arrays.copyOf(first, first.length + then.length);
    System.arraycopy(then, 0, all, first.length, then.length);
    return all;
  }

  private static IValue[] values(Object[] arguments) {
    IValue[] values = new IValue[arguments.length];
    int made = 0;
    try {
      for (; made < values.length; made++) {
        values[made] = value(arguments[made]);
      }
      return values;
    } finally {
      for (int i = 0; made < values.length && i < made; i++) {
        values[i].close();
      }
    }
  }

  private RuntimeException failure(String method, Object[] arguments, RuntimeException cause) {
    String message = String.valueOf(cause.getMessage());
    if (OUT_OF_MEMORY.matcher(message).find()) {
      return CmoeException.resources(
          "kernel "
              + name
              + "."
              + method
              + " ran out of memory; run fewer or shorter sequences at a time",
          cause);
    }
    return new IllegalStateException(
        "kernel " + name + "." + method + Arrays.toString(arguments) + " failed", cause);
  }

  private static Tensor[] tensors(Scope into, IValue result) {
    if (result.isTensor()) {
      return new Tensor[] {new Tensor(result.toTensor(into.manager()))};
    }
    if (result.isTensorList()) {
      return Arrays.stream(result.toTensorArray(into.manager()))
          .map(Tensor::new)
          .toArray(Tensor[]::new);
    }
    if (result.isTuple()) {
      IValue[] parts = result.toIValueTuple();
      Tensor[] tensors = new Tensor[parts.length];
      for (int i = 0; i < parts.length; i++) {
        tensors[i] = new Tensor(parts[i].toTensor(into.manager()));
        parts[i].close();
      }
      return tensors;
    }
    return new Tensor[0];
  }

  private static IValue value(Object argument) {
    if (argument instanceof Tensor tensor) {
      return IValue.from(tensor.array());
    }
    if (argument instanceof List<?> list && !list.isEmpty() && list.get(0) instanceof List<?>) {
      IValue[] parts = values(list.toArray());
      try {
        return IValue.listFrom(parts);
      } finally {
        for (IValue part : parts) {
          part.close();
        }
      }
    }
    if (argument instanceof List<?> list) {
      return IValue.listFrom(
          list.stream().map(t -> ((Tensor) t).array()).toArray(PtNDArray[]::new));
    }
    if (argument instanceof Map<?, ?> map) {
      Map<String, PtNDArray> arrays = new LinkedHashMap<>();
      map.forEach((key, tensor) -> arrays.put((String) key, ((Tensor) tensor).array()));
      return IValue.stringMapFrom(arrays);
    }
    if (argument instanceof Longs list) {
      return IValue.listFrom(list.values());
    }
    if (argument instanceof Integer number) {
      return IValue.from(number.longValue());
    }
    if (argument instanceof Long number) {
      return IValue.from(number.longValue());
    }
    if (argument instanceof Double number) {
      return IValue.from(number.doubleValue());
    }
    if (argument instanceof Boolean flag) {
      return IValue.from(flag.booleanValue());
    }
    if (argument instanceof String text) {
      return IValue.from(text);
    }
    throw new IllegalArgumentException("a kernel cannot take " + argument);
  }
}
