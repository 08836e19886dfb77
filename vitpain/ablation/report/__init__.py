"""The report of a comparison: one page, Markdown and figures, of what was found.

Takes the results of a study and, where it was measured, its domain gap; gives sentences, tables,
plots, example frames and the files of the report. Nothing here needs torch.
"""
