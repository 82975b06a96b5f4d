"""Workflows of n8n as graphs of ours. Pure: no models, nothing is run.

1. `document` reads the export  2. `flow` decides which nodes stay and what leads where  3. `sight`
finds out what each node's `$json` is here  4. the converters (`triggers`, `http`, `conditions`,
`switch`, `mapper`, `steps`) make configs; `fields`, `javascript` and `expressions` translate what
n8n computes  5. `convert` puts it together and keeps a sentence for all that is not the same.
"""

from workflows.n8n.convert import Imported, Note, convert, with_notes
from workflows.n8n.document import is_n8n

__all__ = ["Imported", "Note", "convert", "is_n8n", "with_notes"]
