"""The form builder: a form as blocks that a department's editor changes, and its declared document (`kota-form/1`)."""
