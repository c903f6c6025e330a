# The same work by R's package stylo, for benchmarks/authorship_peers.py.
#
#   Rscript authorship_peers.R measure   <folder of texts> <output folder> <w or c> <n> <features> <functions>
#   Rscript authorship_peers.R imposters <folder of texts> <output folder> <rounds> <features> <functions>
#
# Texts are named <author>_<number>.txt; those of UNKNOWN are the ones to ask about. Functions are names such as
# dist.delta, separated by commas; dist.manhattan, dist.euclidean and dist.canberra are R's own.

suppressWarnings(suppressMessages(library(stylo)))
given <- commandArgs(trailingOnly = TRUE)
corpus_folder <- given[2]
output <- given[3]

# A table of relative frequencies (texts, features), most frequent feature first.
count <- function(kind, n, features) {
  corpus <- load.corpus.and.parse(files = "all", corpus.dir = corpus_folder, features = kind, ngram.size = n)
  chosen <- make.frequency.list(corpus, head = features)
  make.table.of.frequencies(corpus, features = chosen)[, ]
}

measure_distance <- function(name, frequencies) {
  plain <- sub("dist.", "", name, fixed = TRUE)
  if (plain %in% c("manhattan", "euclidean", "canberra")) return(dist(frequencies, method = plain))
  find_distance(name)(frequencies)
}

# Some of stylo's distances are not exported by every version.
find_distance <- function(name) getFromNamespace(name, "stylo")

measure <- function() {
  frequencies <- count(given[4], as.integer(given[5]), as.integer(given[6]))
  for (name in strsplit(given[7], ",")[[1]]) {
    distances <- measure_distance(name, frequencies)
    tree <- hclust(distances, method = "ward.D2")
    writeBin(c(as.matrix(distances)), file.path(output, paste0(name, ".bin")))
    writeBin(tree$height, file.path(output, paste0(name, ".heights")))
  }
}

# CPU seconds by distance: every unknown text is held against every author.
ask_imposters <- function() {
  frequencies <- count("w", 1, as.integer(given[5]))
  is_unknown <- grepl("^UNKNOWN_", rownames(frequencies))
  known <- frequencies[!is_unknown, ]
  asked <- which(is_unknown)
  seconds <- c()
  for (name in strsplit(given[6], ",")[[1]]) {
    set.seed(1)
    start <- proc.time()
    scores <- sapply(asked, function(row) {
      suppressMessages(imposters(known, test = frequencies[row, ], iterations = as.integer(given[4]), distance = name))
    })
    used <- proc.time() - start
    seconds <- c(seconds, sum(used[c("user.self", "sys.self", "user.child", "sys.child")]))
    writeBin(c(scores), file.path(output, paste0(name, ".scores")))
  }
  writeBin(seconds, file.path(output, "seconds.bin"))
}

if (given[1] == "measure") measure() else ask_imposters()
