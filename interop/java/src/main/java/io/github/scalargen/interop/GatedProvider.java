package io.github.scalargen.interop;

import com.scalar.db.api.DistributedStorage;
import com.scalar.db.api.DistributedStorageAdmin;
import com.scalar.db.api.DistributedStorageProvider;
import com.scalar.db.api.Operation;
import com.scalar.db.api.StorageInfo;
import com.scalar.db.common.StorageInfoImpl;
import com.scalar.db.config.DatabaseConfig;
import com.scalar.db.storage.jdbc.JdbcProvider;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The storage that {@code scalar.db.storage=interop} names: ScalarDB's JDBC storage behind the
 * session's {@link Gate}.
 */
public final class GatedProvider implements DistributedStorageProvider {
  static final String NAME = "interop";
  /** Whose gate it is. */
  static final String SESSION = "interop.session";
  /** Lets each mutation group be as small as on other storages, such as RECORD. */
  static final String ATOMICITY = "interop.atomicity";

  private static final Set<String> REQUESTS = Set.of("get", "scan", "put", "delete", "mutate");

  @Override
  public String getName() {
    return NAME;
  }

  /** The configuration of the storage behind the gate. */
  static DatabaseConfig behind(DatabaseConfig config) {
    Properties properties = new Properties();
    properties.putAll(config.getProperties());
    properties.setProperty(DatabaseConfig.STORAGE, "jdbc");
    return new DatabaseConfig(properties);
  }

  @Override
  public DistributedStorage createDistributedStorage(DatabaseConfig config) {
    Gate gate = Gate.of(config.getProperties().getProperty(SESSION));
    DistributedStorage storage =
        gate.cutting(new JdbcProvider().createDistributedStorage(behind(config)));
    return proxy(
        DistributedStorage.class,
        (proxy, method, arguments) ->
            REQUESTS.contains(method.getName())
                ? gate.pass(
                    describe(method.getName(), arguments[0]),
                    () -> invoke(storage, method, arguments))
                : invoke(storage, method, arguments));
  }

  @Override
  public DistributedStorageAdmin createDistributedStorageAdmin(DatabaseConfig config) {
    DistributedStorageAdmin admin =
        Gate.of(config.getProperties().getProperty(SESSION))
            .cutting(new JdbcProvider().createDistributedStorageAdmin(behind(config)));
    String atomicity = config.getProperties().getProperty(ATOMICITY);
    return proxy(
        DistributedStorageAdmin.class,
        (proxy, method, arguments) -> {
          Object result = invoke(admin, method, arguments);
          if (atomicity != null && result instanceof StorageInfo info) {
            return new StorageInfoImpl(
                info.getStorageName(),
                StorageInfo.MutationAtomicityUnit.valueOf(atomicity),
                info.getMaxAtomicMutationsCount(),
                info.isConsistentVirtualTableReadGuaranteed());
          }
          return result;
        });
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(
        Proxy.newProxyInstance(GatedProvider.class.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private static Object invoke(Object target, java.lang.reflect.Method method, Object[] arguments)
      throws Exception {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** Such as "put coordinator.state" or "mutate shop.item shop.item". */
  private static String describe(String method, Object argument) {
    List<?> operations = argument instanceof List<?> list ? list : List.of(argument);
    return operations.stream()
        .map(operation -> ((Operation) operation).forFullTableName().orElse("?"))
        .collect(Collectors.joining(" ", method + " ", ""));
  }
}
