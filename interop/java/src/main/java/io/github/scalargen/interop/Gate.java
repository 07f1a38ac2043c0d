package io.github.scalargen.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What all storage requests of one session's transactions pass through. It counts them, and at a
 * chosen one lets the session die: the whole process, or, so that one process can serve many
 * deaths, only the session, whose threads then never go on and whose connections are cut. To the
 * database both are the same.
 */
final class Gate {
  private static final Map<String, Gate> GATES = new ConcurrentHashMap<>();

  /** What a request to a dead session is answered with. */
  static final class Dead extends Exception {
    Dead() {
      super("the session has died");
    }
  }

  private final List<String> trace = new ArrayList<>();
  private int at; // the number of the request to die at, from 1; 0 for none
  private boolean before; // whether the request is not sent any more
  private boolean halt; // whether the process dies
  private boolean dead;
  private Runnable onDeath = () -> {};
  private final List<AutoCloseable> connections = new ArrayList<>();

  static Gate of(String session) {
    return GATES.computeIfAbsent(session, name -> new Gate());
  }

  synchronized void onDeath(Runnable action) {
    onDeath = action;
  }

  /** Adds what holds connections, to be cut when the session dies. */
  synchronized <T extends AutoCloseable> T cutting(T storage) {
    connections.add(storage);
    return storage;
  }

  /** Begins to count anew. */
  synchronized void arm(int at, boolean before, boolean halt) {
    this.at = at;
    this.before = before;
    this.halt = halt;
    trace.clear();
  }

  /** The requests since the counting began. */
  synchronized List<String> trace() {
    return List.copyOf(trace);
  }

  Object pass(String request, Callable<Object> send) throws Exception {
    boolean last;
    synchronized (this) {
      awaitNothing();
      trace.add(request);
      last = trace.size() == at;
      if (last && before) {
        die();
      }
    }
    try {
      return send.call();
    } finally {
      synchronized (this) {
        if (last) {
          die();
        }
        awaitNothing();
      }
    }
  }

  private void die() {
    if (halt) {
      Runtime.getRuntime().halt(137);
    }
    dead = true;
    onDeath.run();
    List<AutoCloseable> toCut = List.copyOf(connections);
    Thread cutter = new Thread(() -> toCut.forEach(Gate::cut));
    cutter.setDaemon(true);
    cutter.start();
    awaitNothing();
  }

  private static void cut(AutoCloseable storage) {
    try {
      storage.close();
    } catch (Exception ignored) {
      // nobody is left to be told
    }
  }

  /** Lets no thread of a dead session go on. */
  private void awaitNothing() {
    while (dead) {
      try {
        wait();
      } catch (InterruptedException ignored) {
        // the dead hear nothing
      }
    }
  }
}
