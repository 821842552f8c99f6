"""All settings of Palate. Only this package reads them from the environment.

::

    all_settings.py  every setting with its default, unit and meaning, and what follows from the values
    environment.py   values from variables and flags, and the earlier names of settings
    checks.py        which values are valid
    values.py        values as text
"""

from personalize.settings.all_settings import FEWEST_WORDS, SettingRow, Settings
from personalize.settings.checks import SHORTEST_REPEAT_GAP
from personalize.settings.environment import PREFIX
from personalize.settings.values import written_value

__all__ = ["FEWEST_WORDS", "PREFIX", "SHORTEST_REPEAT_GAP", "SettingRow", "Settings", "written_value"]
