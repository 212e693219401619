"""The import rule that no ready-made contract says: which layers of a part other parts may use.

Invariant: what a part does (its routes, its commands, its reactions) is its own; what it knows (its rules, tables and
look-ups) may be used by the parts above it. Which parts stand above which is said by a contract of its own.
"""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class BetweenParts(Contract):
    """Forbids a part of a service to import another part's layers but the open ones."""

    type_name = "between_parts"

    services: list[str] = fields.ListField(subfield=fields.StringField())  # type: ignore[assignment]
    open_layers: list[str] = fields.ListField(subfield=fields.StringField())  # type: ignore[assignment]

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002 - the tool's signature
        """Look at every import from one part of a service into another."""
        broken = sorted(f"{importer} -> {imported}" for importer, imported in self._between(graph))
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that should not be."""
        for line in check.metadata["broken"]:
            output.print_error(line)

    def _between(self, graph: ImportGraph) -> set[tuple[str, str]]:
        broken = set()
        for service in self.services:
            parts = {module.removesuffix(".part") for module in graph.modules if _is_part(module, service)}
            for part in parts:
                for module in graph.find_descendants(part):
                    for importer in graph.find_modules_that_directly_import(module):
                        layer = module.removeprefix(f"{part}.").partition(".")[0]
                        if _part_of(importer, parts) not in (None, part) and layer not in self.open_layers:
                            broken.add((importer, module))
        return broken


def _is_part(module: str, service: str) -> bool:
    return module.startswith(f"{service}.") and module.endswith(".part")


def _part_of(module: str, parts: set[str]) -> str | None:
    return next((part for part in parts if module == part or module.startswith(f"{part}.")), None)
