"""A fingerprint of the code that a job runs: of its meaning, not of its looks."""

import ast
import hashlib
from functools import cache
from pathlib import Path


class _WithoutDocstrings(ast.NodeTransformer):
    """Drop docstrings: they are looks."""

    def _strip(self, node):
        self.generic_visit(node)
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            node.body = node.body[1:]
        return node

    visit_Module = visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = _strip


@cache
def _read(path: Path) -> tuple[list[ast.Import | ast.ImportFrom], str]:
    """A file's imports, and the SHA-256 of its code; a file is parsed once, which is slow."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    code = ast.unparse(_WithoutDocstrings().visit(tree))
    return imports, hashlib.sha256(code.encode()).hexdigest()


def _module_file(root: Path, dotted: str) -> Path | None:
    """The file of a module below root, or None where it is not the project's own."""
    base = root.joinpath(*dotted.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _imports(path: Path, root: Path) -> set[Path]:
    """The project's own files that one file imports, packages' __init__ included."""
    names = set()
    imports, _ = _read(path)
    for node in imports:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        else:
            package = path.relative_to(root).parts[: -node.level] if node.level else ()
            module = ".".join([*package, *filter(None, [node.module])])
            names.add(module)
            names.update(f"{module}.{alias.name}" for alias in node.names)
    parents = {".".join(name.split(".")[:end]) for name in names for end in range(1, 9)}
    files = (_module_file(root, name) for name in names | parents)
    return {file for file in files if file is not None}


def closure(script: Path, root: Path) -> list[Path]:
    """The script and every first-party file that it imports, directly or not, sorted."""
    seen, waiting = set(), [script]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting.extend(_imports(path, root))
    return sorted(seen)


@cache
def fingerprint(script: Path, root: Path) -> str:
    """SHA-256, shortened to 16 digits, of the code of `closure(script, root)`.

    Comments, docstrings, layout and time stamps do not count; any other edit does. `root` is the
    folder that first-party imports start from. Raises SyntaxError if a file does not parse.
    """
    total = hashlib.sha256()
    for path in closure(script, root):
        total.update(f"{path.relative_to(root)}:{_read(path)[1]}\n".encode())
    return total.hexdigest()[:16]


@cache
def contents(folder: Path, pattern: str) -> str:
    """SHA-256, shortened to 16 digits, of the names and bytes of a folder's files that match."""
    total = hashlib.sha256()
    for path in sorted(folder.glob(pattern)):
        total.update(f"{path.name}:{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()[:16]
