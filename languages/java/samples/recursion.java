// optimus: verdict=accepted expect="100000\n"
import java.util.HashMap;
import java.util.Map;

public class Main {
    static final Map<Integer, Long> known = new HashMap<>();

    static long depth(int n) {
        if (n == 0) {
            return 0;
        }
        Long found = known.get(n);
        if (found == null) {
            found = 1 + depth(n - 1);
            known.put(n, found);
        }
        return found;
    }

    public static void main(String[] args) {
        System.out.println(depth(100_000));
    }
}
