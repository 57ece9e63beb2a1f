// An Elasticsearch node from its published artifacts: what the distribution's launcher does, without the distribution.
// java -cp … ElasticsearchNode.java HOME name=value …

import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginBundle;
import org.elasticsearch.plugins.PluginsLoader;
import org.elasticsearch.plugins.PluginsUtils;

public class ElasticsearchNode {
    public static void main(String[] arguments) throws Exception {
        Map<String, String> given = new HashMap<>();
        for (int number = 1; number < arguments.length; number++) {
            String[] pair = arguments[number].split("=", 2);
            given.put(pair[0], pair[1]);
        }
        Settings home = Settings.builder().put("path.home", arguments[0]).build();
        Path config = Path.of(given.getOrDefault("path.data", arguments[0])).resolveSibling("config");
        config.toFile().mkdirs();
        Environment env = InternalSettingsPreparer.prepareEnvironment(
            home, given, config, () -> given.getOrDefault("node.name", "one"));
        LogConfigurator.configureWithoutConfig(Settings.EMPTY);
        PluginsLoader loader = PluginsLoader.createPluginsLoader(modules(env.modulesDir()), Set.of(), Map.of(), false);
        Node node = new Node(env, loader);
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (Exception wrong) {
                wrong.printStackTrace();
            }
            ended.countDown();
        }));
        node.start();
        ended.await();
    }

    // 9.x asks which modules it shall leave out or take; 8.x has no such question.
    @SuppressWarnings("unchecked")
    private static Set<PluginBundle> modules(Path folder) throws Exception {
        for (Method method : PluginsUtils.class.getDeclaredMethods()) {
            if (method.getName().equals("getModuleBundles")) {
                Predicate<Object> all = module -> true;
                method.setAccessible(true);
                return (Set<PluginBundle>) (method.getParameterCount() == 1
                    ? method.invoke(null, folder) : method.invoke(null, folder, all));
            }
        }
        throw new IllegalStateException("PluginsUtils has no getModuleBundles");
    }
}
