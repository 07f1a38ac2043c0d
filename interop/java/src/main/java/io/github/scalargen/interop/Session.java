package io.github.scalargen.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.scalar.db.api.Admin;
import com.scalar.db.api.DistributedStorage;
import com.scalar.db.api.DistributedStorageAdmin;
import com.scalar.db.api.DistributedTransaction;
import com.scalar.db.api.DistributedTransactionAdmin;
import com.scalar.db.api.DistributedTransactionManager;
import com.scalar.db.api.Mutation;
import com.scalar.db.api.Result;
import com.scalar.db.api.Scanner;
import com.scalar.db.config.DatabaseConfig;
import com.scalar.db.io.DataType;
import com.scalar.db.io.Key;
import com.scalar.db.service.StorageFactory;
import com.scalar.db.service.TransactionFactory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One program that uses ScalarDB: a transaction manager whose storage requests pass through a {@link
 * Gate}, administration, and the storage itself, past the gate.
 */
final class Session {
  private final Gate gate;
  private final DistributedTransactionManager manager;
  private final DistributedTransactionAdmin admin;
  private final DistributedStorage storage;
  private final DistributedStorageAdmin storageAdmin;
  private final Map<String, DistributedTransaction> transactions = new ConcurrentHashMap<>();

  Session(String name, Properties properties) {
    gate = Gate.of(name);
    properties.setProperty(DatabaseConfig.STORAGE, GatedProvider.NAME);
    properties.setProperty(GatedProvider.SESSION, name);
    TransactionFactory transactionFactory = TransactionFactory.create(properties);
    manager = transactionFactory.getTransactionManager();
    admin = transactionFactory.getTransactionAdmin();
    StorageFactory storageFactory =
        new StorageFactory(GatedProvider.behind(new DatabaseConfig(properties)));
    storage = gate.cutting(storageFactory.getStorage());
    storageAdmin = gate.cutting(storageFactory.getStorageAdmin());
  }

  Gate gate() {
    return gate;
  }

  void close() {
    manager.close();
    admin.close();
    storage.close();
    storageAdmin.close();
  }

  JsonNode answer(String op, JsonNode request) throws Exception {
    boolean raw = request.path("level").asText().equals("storage");
    return switch (op) {
      case "begin" -> begin(request);
      case "commit" -> {
        transaction(request).commit();
        transactions.remove(id(request)); // one that has failed to commit is to be rolled back
        yield nothing();
      }
      case "rollback" -> {
        transaction(request).rollback();
        transactions.remove(id(request));
        yield nothing();
      }
      case "get", "scan" -> raw ? onStorage(op, request) : onTransaction(op, request);
      case "insert", "upsert", "update", "delete" -> onTransaction(op, request);
      case "mutate" -> {
        List<Mutation> mutations = new ArrayList<>();
        request
            .get("mutations")
            .forEach(m -> mutations.add((Mutation) Operations.of(m.get("op").asText(), m)));
        storage.mutate(mutations);
        yield nothing();
      }
      case "state" -> text(manager.getState(id(request)).name());
      case "abort" -> text(manager.abort(id(request)).name());
      case "finish" -> truth(manager.finishTransaction(id(request)));
      case "recover" -> truth(recover(request));
      case "arm" -> {
        gate.arm(
            request.get("at").asInt(),
            request.get("before").asBoolean(),
            request.get("halt").asBoolean());
        yield nothing();
      }
      case "trace" -> texts(gate.trace());
      default -> administer(raw ? storageAdmin : admin, op, request);
    };
  }

  private static String id(JsonNode request) {
    return request.get("tx").asText();
  }

  private JsonNode begin(JsonNode request) throws Exception {
    Map<String, String> attributes = new HashMap<>(Wire.texts(request.get("attributes")));
    boolean readOnly = request.path("readOnly").asBoolean();
    DistributedTransaction tx;
    if (request.path("tx").asText().isEmpty()) {
      tx = readOnly ? manager.beginReadOnly(attributes) : manager.begin(attributes);
    } else {
      tx =
          readOnly
              ? manager.beginReadOnly(id(request), attributes)
              : manager.begin(id(request), attributes);
    }
    transactions.put(tx.getId(), tx);
    return text(tx.getId());
  }

  private DistributedTransaction transaction(JsonNode request) {
    DistributedTransaction tx = transactions.get(id(request));
    if (tx == null) {
      throw new IllegalStateException("there is no transaction " + id(request));
    }
    return tx;
  }

  private JsonNode onTransaction(String op, JsonNode request) throws Exception {
    DistributedTransaction run = transaction(request);
    switch (op) {
      case "get":
        return row(run.get(Operations.get(request)));
      case "scan":
        return Wire.rows(run.scan(Operations.scan(request)));
      default:
        run.mutate(List.of((Mutation) Operations.of(op, request)));
        return nothing();
    }
  }

  private JsonNode onStorage(String op, JsonNode request) throws Exception {
    if (op.equals("get")) {
      return row(storage.get(Operations.get(request)));
    }
    try (Scanner scanner = storage.scan(Operations.scan(request))) {
      return Wire.rows(scanner.all());
    }
  }

  private boolean recover(JsonNode request) throws Exception {
    Key clustering =
        Wire.present(request.get("clustering")) ? Wire.key(request.get("clustering")) : null;
    return manager.recoverRecord(
        request.get("namespace").asText(),
        request.get("table").asText(),
        Wire.key(request.get("partition")),
        clustering);
  }

  private JsonNode administer(Admin on, String op, JsonNode request) throws Exception {
    String namespace = request.path("namespace").asText();
    String table = request.path("table").asText();
    String column = request.path("column").asText();
    Map<String, String> options = Wire.texts(request.get("options"));
    switch (op) {
      case "createNamespace" -> on.createNamespace(namespace, true, options);
      case "dropNamespace" -> on.dropNamespace(namespace, true);
      case "createTable" -> on.createTable(
          namespace, table, Wire.table(request.get("definition")), options);
      case "dropTable" -> on.dropTable(namespace, table);
      case "repairTable" -> on.repairTable(
          namespace, table, Wire.table(request.get("definition")), options);
      case "importTable" -> on.importTable(namespace, table, options, types(request));
      case "createIndex" -> on.createIndex(namespace, table, column, options);
      case "dropIndex" -> on.dropIndex(namespace, table, column);
      case "addColumn" -> on.addNewColumnToTable(
          namespace, table, column, DataType.valueOf(request.get("type").asText()));
      case "dropColumn" -> on.dropColumnFromTable(namespace, table, column);
      case "renameColumn" -> on.renameColumn(
          namespace, table, column, request.get("to").asText());
      case "createCoordinator" -> admin.createCoordinatorTables(true, options);
      case "repairCoordinator" -> admin.repairCoordinatorTables(options);
      case "dropCoordinator" -> admin.dropCoordinatorTables();
      case "coordinatorExists" -> {
        return truth(admin.coordinatorTablesExist());
      }
      case "table" -> {
        return Wire.table(on.getTableMetadata(namespace, table));
      }
      case "tables" -> {
        return texts(on.getNamespaceTableNames(namespace));
      }
      default -> throw new IllegalArgumentException("there is no op " + op);
    }
    return nothing();
  }

  private static Map<String, DataType> types(JsonNode request) {
    Map<String, DataType> types = new HashMap<>();
    Wire.texts(request.get("types"))
        .forEach((column, type) -> types.put(column, DataType.valueOf(type)));
    return types;
  }

  private static JsonNode row(Optional<Result> result) {
    return result.<JsonNode>map(Wire::row).orElse(nothing());
  }

  private static JsonNode nothing() {
    return Main.JSON.nullNode();
  }

  private static JsonNode text(String text) {
    return Main.JSON.getNodeFactory().textNode(text);
  }

  private static JsonNode truth(boolean value) {
    return Main.JSON.getNodeFactory().booleanNode(value);
  }

  private static JsonNode texts(Collection<String> texts) {
    ArrayNode node = Main.JSON.createArrayNode();
    texts.forEach(node::add);
    return node;
  }
}
