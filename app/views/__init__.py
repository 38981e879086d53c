"""The dashboard's pages, one module each; every module has one ``show`` function."""
