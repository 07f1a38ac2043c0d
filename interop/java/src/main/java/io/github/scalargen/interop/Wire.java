package io.github.scalargen.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.scalar.db.api.Result;
import com.scalar.db.api.Scan;
import com.scalar.db.api.TableMetadata;
import com.scalar.db.io.BigIntColumn;
import com.scalar.db.io.BlobColumn;
import com.scalar.db.io.BooleanColumn;
import com.scalar.db.io.Column;
import com.scalar.db.io.DataType;
import com.scalar.db.io.DateColumn;
import com.scalar.db.io.DoubleColumn;
import com.scalar.db.io.FloatColumn;
import com.scalar.db.io.IntColumn;
import com.scalar.db.io.Key;
import com.scalar.db.io.TextColumn;
import com.scalar.db.io.TimeColumn;
import com.scalar.db.io.TimestampColumn;
import com.scalar.db.io.TimestampTZColumn;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * JSON forms of what requests and replies hold.
 *
 * <p>A column is [name, type, value]. A value is null or text: an integer in decimal, the bits of a
 * FLOAT or DOUBLE as a decimal integer, base64 of a BLOB, days since 1970 of a DATE, nanoseconds
 * since midnight of a TIME, milliseconds since 1970 of a TIMESTAMP or TIMESTAMPTZ.
 */
final class Wire {
  private Wire() {}

  static Properties properties(JsonNode node) {
    Properties properties = new Properties();
    properties.putAll(texts(node));
    return properties;
  }

  static Map<String, String> texts(JsonNode node) {
    Map<String, String> texts = new HashMap<>();
    if (node != null) {
      node.fields().forEachRemaining(field -> texts.put(field.getKey(), field.getValue().asText()));
    }
    return texts;
  }

  static Column<?> column(JsonNode node) {
    String name = node.get(0).asText();
    DataType type = DataType.valueOf(node.get(1).asText());
    if (node.get(2).isNull()) {
      return switch (type) {
        case BOOLEAN -> BooleanColumn.ofNull(name);
        case INT -> IntColumn.ofNull(name);
        case BIGINT -> BigIntColumn.ofNull(name);
        case FLOAT -> FloatColumn.ofNull(name);
        case DOUBLE -> DoubleColumn.ofNull(name);
        case TEXT -> TextColumn.ofNull(name);
        case BLOB -> BlobColumn.ofNull(name);
        case DATE -> DateColumn.ofNull(name);
        case TIME -> TimeColumn.ofNull(name);
        case TIMESTAMP -> TimestampColumn.ofNull(name);
        case TIMESTAMPTZ -> TimestampTZColumn.ofNull(name);
      };
    }
    String v = node.get(2).asText();
    return switch (type) {
      case BOOLEAN -> BooleanColumn.of(name, Boolean.parseBoolean(v));
      case INT -> IntColumn.of(name, Integer.parseInt(v));
      case BIGINT -> BigIntColumn.of(name, Long.parseLong(v));
      case FLOAT -> FloatColumn.of(name, Float.intBitsToFloat((int) Long.parseLong(v)));
      case DOUBLE -> DoubleColumn.of(name, Double.longBitsToDouble(Long.parseUnsignedLong(v)));
      case TEXT -> TextColumn.of(name, v);
      case BLOB -> BlobColumn.of(name, Base64.getDecoder().decode(v));
      case DATE -> DateColumn.of(name, LocalDate.ofEpochDay(Long.parseLong(v)));
      case TIME -> TimeColumn.ofStrict(name, LocalTime.ofNanoOfDay(Long.parseLong(v)));
      case TIMESTAMP -> TimestampColumn.ofStrict(
          name, LocalDateTime.ofInstant(Instant.ofEpochMilli(Long.parseLong(v)), ZoneOffset.UTC));
      case TIMESTAMPTZ -> TimestampTZColumn.ofStrict(
          name, Instant.ofEpochMilli(Long.parseLong(v)));
    };
  }

  static List<Column<?>> columns(JsonNode node) {
    List<Column<?>> columns = new ArrayList<>();
    node.forEach(column -> columns.add(column(column)));
    return columns;
  }

  static Key key(JsonNode node) {
    Key.Builder key = Key.newBuilder();
    columns(node).forEach(key::add);
    return key.build();
  }

  static boolean present(JsonNode node) {
    return node != null && !node.isNull() && !node.isEmpty();
  }

  private static ArrayNode column(Column<?> column) {
    ArrayNode node = Main.JSON.createArrayNode();
    node.add(column.getName()).add(column.getDataType().name());
    if (column.hasNullValue()) {
      return node.addNull();
    }
    return node.add(
        switch (column.getDataType()) {
          case BOOLEAN -> String.valueOf(column.getBooleanValue());
          case INT -> String.valueOf(column.getIntValue());
          case BIGINT -> String.valueOf(column.getBigIntValue());
          case FLOAT -> Integer.toUnsignedString(Float.floatToIntBits(column.getFloatValue()));
          case DOUBLE -> Long.toUnsignedString(Double.doubleToLongBits(column.getDoubleValue()));
          case TEXT -> column.getTextValue();
          case BLOB -> Base64.getEncoder().encodeToString(column.getBlobValueAsBytes());
          case DATE -> String.valueOf(column.getDateValue().toEpochDay());
          case TIME -> String.valueOf(column.getTimeValue().toNanoOfDay());
          case TIMESTAMP -> String.valueOf(
              column.getTimestampValue().toInstant(ZoneOffset.UTC).toEpochMilli());
          case TIMESTAMPTZ -> String.valueOf(column.getTimestampTZValue().toEpochMilli());
        });
  }

  static ArrayNode row(Result result) {
    ArrayNode node = Main.JSON.createArrayNode();
    result.getColumns().values().forEach(column -> node.add(column(column)));
    return node;
  }

  static ArrayNode rows(Iterable<Result> results) {
    ArrayNode node = Main.JSON.createArrayNode();
    results.forEach(result -> node.add(row(result)));
    return node;
  }

  static TableMetadata table(JsonNode node) {
    TableMetadata.Builder table = TableMetadata.newBuilder();
    node.get("columns")
        .forEach(c -> table.addColumn(c.get(0).asText(), DataType.valueOf(c.get(1).asText())));
    node.get("partition").forEach(name -> table.addPartitionKey(name.asText()));
    node.get("clustering")
        .forEach(
            c ->
                table.addClusteringKey(
                    c.get(0).asText(), Scan.Ordering.Order.valueOf(c.get(1).asText())));
    node.get("indexes").forEach(name -> table.addSecondaryIndex(name.asText()));
    return table.build();
  }

  static JsonNode table(TableMetadata table) {
    if (table == null) {
      return Main.JSON.nullNode();
    }
    ObjectNode node = Main.JSON.createObjectNode();
    ArrayNode columns = node.putArray("columns");
    for (String name : table.getColumnNames()) {
      columns.addArray().add(name).add(table.getColumnDataType(name).name());
    }
    ArrayNode partition = node.putArray("partition");
    table.getPartitionKeyNames().forEach(partition::add);
    ArrayNode clustering = node.putArray("clustering");
    for (String name : table.getClusteringKeyNames()) {
      clustering.addArray().add(name).add(table.getClusteringOrder(name).name());
    }
    ArrayNode indexes = node.putArray("indexes");
    table.getSecondaryIndexNames().forEach(indexes::add);
    return node;
  }

  /** The classes of a failure, from its own up to RuntimeException, Exception or Error. */
  static ObjectNode error(Throwable failure) {
    ObjectNode node = Main.JSON.createObjectNode();
    ArrayNode classes = node.putArray("classes");
    for (Class<?> c = failure.getClass(); c != Throwable.class; c = c.getSuperclass()) {
      classes.add(c.getSimpleName());
    }
    StringBuilder message = new StringBuilder(String.valueOf(failure.getMessage()));
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      message.append("; because of ").append(cause);
    }
    node.put("message", message.toString());
    return node;
  }
}
