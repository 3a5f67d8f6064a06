/** `asc --runtime node_modules/zeropage/assembly/runtime/minimal`: collects when `__collect` is called, and never else. */
import "./globals";
import "./new";
