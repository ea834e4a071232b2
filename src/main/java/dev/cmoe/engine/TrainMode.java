package dev.cmoe.engine;

import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;

/**
 * Runs methods of a module outside of libtorch's inference mode, whose tensors autograd refuses for
 * good. DJL's own call of a method by name always enters that mode, though the native function
 * behind it takes a flag that says otherwise; here it is called with that flag.
 */
final class TrainMode {
  private static final MethodHandle RUN_METHOD;
  private static final MethodHandle RESULT;

  static {
    try {
      MethodHandles.Lookup djl =
          MethodHandles.privateLookupIn(JniUtils.class, MethodHandles.lookup());
      Class<?> library = djl.findClass("ai.djl.pytorch.jni.PyTorchLibrary");
      Object instance = djl.findStaticGetter(library, "LIB", library).invoke();
      RUN_METHOD =
          djl.findVirtual(
                  library,
                  "moduleRunMethod",
                  MethodType.methodType(
                      long.class,
                      long.class,
                      String.class,
                      long[].class,
                      boolean.class,
                      boolean.class))
              .bindTo(instance);
      RESULT = djl.findConstructor(IValue.class, MethodType.methodType(void.class, long.class));
    } catch (Throwable e) {
      throw new IllegalStateException("this version of DJL has no train mode for methods", e);
    }
  }

  private TrainMode() {}

  /**
   * @param recording whether autograd takes down what happens
   */
  static IValue runMethod(
      PtSymbolBlock block, String method, boolean recording, IValue... arguments) {
    long[] handles = Arrays.stream(arguments).mapToLong(IValue::getHandle).toArray();
    JniUtils.setGradMode(recording);
    try {
      long result =
          (long) RUN_METHOD.invoke((long) block.getHandle(), method, handles, true, false);
      return (IValue) RESULT.invoke(result);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    } finally {
      JniUtils.setGradMode(false);
    }
  }
}
