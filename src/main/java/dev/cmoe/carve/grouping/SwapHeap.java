package dev.cmoe.carve.grouping;

import java.util.Arrays;

/**
 * A binary min-heap of (price, item) pairs: what it costs to move an item from one given cluster to
 * another given cluster. Ordered by price, then item, so the top does not depend on the order of
 * insertion. Items that have left the cluster stay until they surface; the owner drops them then.
 */
final class SwapHeap {
  private long[] price;
  private int[] item;
  private int size;

  SwapHeap(int expected) {
    price = new long[expected];
    item = new int[expected];
  }

  boolean isEmpty() {
    return size == 0;
  }

  int topItem() {
    return item[0];
  }

  long topPrice() {
    return price[0];
  }

  /** Adds without keeping order; {@link #restoreOrder} must follow before anything else. */
  void append(long newPrice, int newItem) {
    if (size == price.length) {
      int capacity = size + (size >> 1) + 8;
      price = Arrays.copyOf(price, capacity);
      item = Arrays.copyOf(item, capacity);
    }
    price[size] = newPrice;
    item[size++] = newItem;
  }

  void restoreOrder() {
    for (int at = (size >> 1) - 1; at >= 0; at--) {
      siftDown(at);
    }
  }

  void add(long newPrice, int newItem) {
    append(newPrice, newItem);
    int at = size - 1;
    while (at > 0) {
      int parent = (at - 1) >> 1;
      if (!before(newPrice, newItem, parent)) {
        break;
      }
      price[at] = price[parent];
      item[at] = item[parent];
      at = parent;
    }
    price[at] = newPrice;
    item[at] = newItem;
  }

  void removeTop() {
    size--;
    price[0] = price[size];
    item[0] = item[size];
    siftDown(0);
  }

  private void siftDown(int start) {
    long movedPrice = price[start];
    int movedItem = item[start];
    int at = start;
    int child;
    while ((child = 2 * at + 1) < size) {
      if (child + 1 < size && before(price[child + 1], item[child + 1], child)) {
        child++;
      }
      if (before(movedPrice, movedItem, child)) {
        break;
      }
      price[at] = price[child];
      item[at] = item[child];
      at = child;
    }
    price[at] = movedPrice;
    item[at] = movedItem;
  }

  private boolean before(long aPrice, int anItem, int at) {
    return aPrice < price[at] || (aPrice == price[at] && anItem < item[at]);
  }
}
