"""What is told to save a search, and to name it."""

from typing import Annotated

from pydantic import Field

from kernel.forms import Form
from search.forms import QUERY_SIGNS_MAX

LABEL_CHARS_MAX = 40
Label = Annotated[str, Field(title="名称", min_length=1, max_length=LABEL_CHARS_MAX)]


class Save(Form):
    label: Annotated[str, Field(title="名称", max_length=LABEL_CHARS_MAX)] = ""
    q: Annotated[str, Field(title="检索词", min_length=1, max_length=QUERY_SIGNS_MAX)]
    kind: Annotated[str, Field(title="类别", max_length=20)] = ""
    agency: Annotated[str, Field(title="部门", max_length=100)] = ""
    region: Annotated[str, Field(title="地区", max_length=200)] = ""


class Rename(Form):
    label: Label
    tell: Annotated[bool, Field(title="有新结果时告诉我")] = False
