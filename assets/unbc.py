"""UNBC-McMaster: its subjects and what it codes, for what stands in for it, imports and divides it.

Lucey, Cohn, Prkachin, Solomon and Matthews, Painful data, FG 2011.
"""

SUBJECTS = (
    "042-ll042", "043-jh043", "047-jl047", "048-aa048", "049-bm049", "052-dr052", "059-fn059",
    "064-ak064", "066-mg066", "080-bn080", "092-ch092", "095-tv095", "096-bg096", "097-gf097",
    "101-mg101", "103-jk103", "106-nm106", "107-hs107", "108-th108", "109-ib109", "115-jy115",
    "120-kz120", "121-vw121", "123-jh123", "124-dn124",
)  # fmt: skip
"""Its 25 subjects, in the order of their names."""
CODED = (4, 6, 7, 9, 10, 12, 20, 25, 26, 27, 43)
"""Action units that people coded, in the order of its rows."""
WITHOUT_INTENSITY = 43
"""Its row has no intensity: that it is there means 1."""
SURROGATE = "unbc-surrogate"
"""Source of frames that stand in for it: what is made from them says so."""
STAND_IN = "SURROGATE.json"
"""The file by which the folder of a stand-in is known."""
