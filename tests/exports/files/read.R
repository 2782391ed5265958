# Prints what haven reads from a .sav or .dta, one line a column, six JSON arrays parted by tabs:
# name, label, cells, labelled values, their labels, bounds of the user-missing range.
path <- commandArgs(trailingOnly = TRUE)[1]
sav <- endsWith(path, ".sav")
table <- if (sav) haven::read_sav(path, user_na = TRUE) else haven::read_dta(path)

shown <- function(x) {
  attributes(x) <- NULL
  if (is.null(x)) return(character())
  if (is.character(x)) return(x)
  letter <- haven::na_tag(x)
  ifelse(is.na(x), ifelse(is.na(letter), "", letter), vapply(x, format, "", digits = 15))
}
array <- function(x) paste0("[", paste(encodeString(x, quote = '"'), collapse = ","), "]")
of <- function(column, name) attr(column, name, exact = TRUE)

for (name in names(table)) {
  column <- table[[name]]
  found <- list(
    name, shown(of(column, "label")), shown(column), shown(of(column, "labels")),
    shown(names(of(column, "labels"))), shown(of(column, "na_range"))
  )
  cat(vapply(found, array, ""), sep = "\t")
  cat("\n")
}
