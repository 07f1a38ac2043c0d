package io.github.scalargen.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Serves requests that arrive on standard input, one JSON object a line, each on a thread of its
 * own, and answers on standard output. The end of the input ends the process.
 *
 * <p>A request has an id, an op and, unless it opens a session, a session. The reply has the
 * request's id and either a result or an error.
 */
public final class Main {
  static final ObjectMapper JSON = new ObjectMapper();

  private final PrintStream out;
  private final Map<String, Session> sessions = new ConcurrentHashMap<>();
  /** The requests that have no reply yet, with their sessions. */
  private final Map<Long, String> pending = new ConcurrentHashMap<>();

  private Main(PrintStream out) {
    this.out = out;
  }

  public static void main(String[] args) throws IOException {
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    System.setOut(System.err); // what a library prints must not be taken for a reply
    new Main(out).serve();
    Runtime.getRuntime().halt(0); // threads of dead sessions never end
  }

  private void serve() throws IOException {
    ExecutorService threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task);
              thread.setDaemon(true);
              return thread;
            });
    try (BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        JsonNode request = JSON.readTree(line);
        threads.execute(() -> answer(request));
      }
    }
  }

  private void answer(JsonNode request) {
    long id = request.get("id").asLong();
    String name = request.get("session").asText();
    pending.put(id, name);
    ObjectNode reply = JSON.createObjectNode();
    try {
      reply.set("result", result(name, request));
    } catch (Throwable failure) {
      reply.set("error", Wire.error(failure));
    }
    reply(id, reply);
  }

  private JsonNode result(String name, JsonNode request) throws Exception {
    String op = request.get("op").asText();
    if (op.equals("open")) {
      Session session = new Session(name, Wire.properties(request.get("properties")));
      sessions.put(name, session);
      session.gate().onDeath(() -> bury(name));
      return JSON.nullNode();
    }
    Session session = sessions.get(name);
    if (session == null) {
      throw new Gate.Dead();
    }
    if (op.equals("close")) {
      sessions.remove(name);
      session.close();
      return JSON.nullNode();
    }
    return session.answer(op, request);
  }

  /** Tells whoever waits for the session that it has died, as the end of a process would. */
  private void bury(String name) {
    sessions.remove(name);
    pending.forEach(
        (id, session) -> {
          if (session.equals(name)) {
            ObjectNode reply = JSON.createObjectNode();
            reply.set("error", Wire.error(new Gate.Dead()));
            reply(id, reply);
          }
        });
  }

  private void reply(long id, ObjectNode reply) {
    if (pending.remove(id) == null) {
      return; // the session has died meanwhile
    }
    reply.put("id", id);
    synchronized (out) {
      out.println(reply);
      out.flush();
    }
  }
}
