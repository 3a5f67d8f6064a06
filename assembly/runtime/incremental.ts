/** `asc --runtime node_modules/zeropage/assembly/runtime/incremental`: collects by itself, in steps. */
import "./globals";
import "./new-paced";
