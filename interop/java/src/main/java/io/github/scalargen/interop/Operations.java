package io.github.scalargen.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.scalar.db.api.ConditionBuilder;
import com.scalar.db.api.ConditionalExpression;
import com.scalar.db.api.Delete;
import com.scalar.db.api.Get;
import com.scalar.db.api.Insert;
import com.scalar.db.api.Operation;
import com.scalar.db.api.Put;
import com.scalar.db.api.Scan;
import com.scalar.db.api.Update;
import com.scalar.db.api.Upsert;
import com.scalar.db.io.Column;
import com.scalar.db.io.Key;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes ScalarDB's operations of requests. A request names namespace and table; partition,
 * clustering, index, values, start and end are lists of columns; a condition is "", "exists",
 * "notExists", or a list of [operator, column].
 */
final class Operations {
  private Operations() {}

  static Operation of(String op, JsonNode request) {
    return switch (op) {
      case "put" -> put(request);
      case "insert" -> insert(request);
      case "upsert" -> upsert(request);
      case "update" -> update(request);
      case "delete" -> delete(request);
      default -> throw new IllegalArgumentException("there is no operation " + op);
    };
  }

  private static String namespace(JsonNode request) {
    return request.get("namespace").asText();
  }

  private static String table(JsonNode request) {
    return request.get("table").asText();
  }

  private static boolean clustered(JsonNode request) {
    return Wire.present(request.get("clustering"));
  }

  private static Key partition(JsonNode request) {
    return Wire.key(request.get("partition"));
  }

  private static Key clustering(JsonNode request) {
    return Wire.key(request.get("clustering"));
  }

  private static List<Column<?>> values(JsonNode request) {
    return request.has("values") ? Wire.columns(request.get("values")) : List.of();
  }

  static Get get(JsonNode request) {
    var get =
        Get.newBuilder()
            .namespace(namespace(request))
            .table(table(request))
            .partitionKey(partition(request));
    return clustered(request) ? get.clusteringKey(clustering(request)).build() : get.build();
  }

  static Scan scan(JsonNode request) {
    var scan = Scan.newBuilder().namespace(namespace(request)).table(table(request));
    int limit = request.path("limit").asInt();
    if (Wire.present(request.get("index"))) {
      return scan.indexKey(Wire.key(request.get("index"))).limit(limit).build();
    }
    if (!Wire.present(request.get("partition"))) {
      return scan.all().limit(limit).build();
    }
    var ranged = scan.partitionKey(partition(request)).limit(limit);
    if (Wire.present(request.get("start"))) {
      ranged.start(Wire.key(request.get("start")), request.get("startInclusive").asBoolean());
    }
    if (Wire.present(request.get("end"))) {
      ranged.end(Wire.key(request.get("end")), request.get("endInclusive").asBoolean());
    }
    request
        .path("orders")
        .forEach(
            order ->
                ranged.ordering(
                    order.get(1).asText().equals("DESC")
                        ? Scan.Ordering.desc(order.get(0).asText())
                        : Scan.Ordering.asc(order.get(0).asText())));
    return ranged.build();
  }

  private static Put put(JsonNode request) {
    var put =
        Put.newBuilder()
            .namespace(namespace(request))
            .table(table(request))
            .partitionKey(partition(request));
    if (clustered(request)) {
      put.clusteringKey(clustering(request));
    }
    values(request).forEach(put::value);
    JsonNode condition = request.path("condition");
    if (condition.isArray()) {
      put.condition(ConditionBuilder.putIf(expressions(condition)));
    } else if (condition.asText().equals("exists")) {
      put.condition(ConditionBuilder.putIfExists());
    } else if (condition.asText().equals("notExists")) {
      put.condition(ConditionBuilder.putIfNotExists());
    }
    return put.build();
  }

  private static Insert insert(JsonNode request) {
    var insert =
        Insert.newBuilder()
            .namespace(namespace(request))
            .table(table(request))
            .partitionKey(partition(request));
    if (clustered(request)) {
      insert.clusteringKey(clustering(request));
    }
    values(request).forEach(insert::value);
    return insert.build();
  }

  private static Upsert upsert(JsonNode request) {
    var upsert =
        Upsert.newBuilder()
            .namespace(namespace(request))
            .table(table(request))
            .partitionKey(partition(request));
    if (clustered(request)) {
      upsert.clusteringKey(clustering(request));
    }
    values(request).forEach(upsert::value);
    return upsert.build();
  }

  private static Update update(JsonNode request) {
    var update =
        Update.newBuilder()
            .namespace(namespace(request))
            .table(table(request))
            .partitionKey(partition(request));
    if (clustered(request)) {
      update.clusteringKey(clustering(request));
    }
    values(request).forEach(update::value);
    return update.build();
  }

  private static Delete delete(JsonNode request) {
    var delete =
        Delete.newBuilder()
            .namespace(namespace(request))
            .table(table(request))
            .partitionKey(partition(request));
    if (clustered(request)) {
      delete.clusteringKey(clustering(request));
    }
    JsonNode condition = request.path("condition");
    if (condition.isArray()) {
      delete.condition(ConditionBuilder.deleteIf(expressions(condition)));
    } else if (condition.asText().equals("exists")) {
      delete.condition(ConditionBuilder.deleteIfExists());
    }
    return delete.build();
  }

  private static List<ConditionalExpression> expressions(JsonNode condition) {
    List<ConditionalExpression> expressions = new ArrayList<>();
    condition.forEach(
        e ->
            expressions.add(
                ConditionBuilder.buildConditionalExpression(
                    Wire.column(e.get(1)),
                    ConditionalExpression.Operator.valueOf(e.get(0).asText()))));
    return expressions;
  }
}
