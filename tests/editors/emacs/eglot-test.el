;;; eglot-test.el --- The server through Eglot -*- lexical-binding: t -*-

;;; Commentary:

;; Run by run.sh.  Debian 12 has Eglot as a package; from Emacs 29 on it is a part of Emacs.

;;; Code:

(require 'package)
(package-initialize)
(require 'eglot)

(load (expand-file-name "checks.el" (file-name-directory load-file-name)) nil t)
(load (getenv "CONFIGURATION") nil t)
(setq eglot-sync-connect 30)

(defun fill (text)
  "Make TEXT the text of the buffer, and put point where it has a `|'."
  (erase-buffer)
  (insert text)
  (when (search-backward "|" nil t) (delete-char 1))
  (eglot--signal-textDocument/didChange))

(defun problems ()
  "What is reported of the buffer."
  (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))

(defun completions ()
  "What completion at point offers, in its order."
  (let* ((table (nth 2 (eglot-completion-at-point)))
         (found (all-completions "" table))
         (sort (completion-metadata-get (completion-metadata "" table nil)
                                        'display-sort-function)))
    (mapcar #'substring-no-properties (if sort (funcall sort found) found))))

(defun run-tests ()
  "Run them all."
  (let ((file (expand-file-name "packages.nix" (getenv "WORK"))))
    (write-region "{\n}\n" nil file nil 'quiet)
    (find-file file)
    (check "the server is chosen for packages.nix"
           (equal (nix-archiver-eglot-contact) '("nix-archiver" "lsp")))
    (apply #'eglot (eglot--guess-contact))
    (check "connected" (eglot-current-server))

    (fill "{\n  nodejs = \"|\n}\n")
    (let ((found (completions)))
      (check "every version, newest first"
             (equal found '("20.11.0" "20.10.0" "18.13.0" "10.15.0" "8.9.4")) found))

    (fill "{\n  nodejs = \"20.10.9|\";\n}\n")
    (check "a version that never was is reported"
           (wait (lambda () (seq-some (lambda (p) (string-match-p "20\\.10\\.9" p)) (problems))))
           (problems))
    (let ((fixes (wait (lambda () (eglot-code-actions (line-beginning-position) (line-end-position) "quickfix")))))
      (check "its fixes" (seq-some (lambda (fix) (string-match-p "20\\.10\\.0" (plist-get fix :title))) fixes)
             fixes))

    (fill "{\n  nodejs = \"20.10.0|\";\n}\n")
    (check "and a real one is not" (wait (lambda () (null (problems)))) (problems))
    (let ((hover (jsonrpc-request (eglot-current-server) :textDocument/hover
                                  (eglot--TextDocumentPositionParams))))
      (check "hover" (string-match-p "2024-02-02" (format "%S" hover)) hover))

    (set-buffer-modified-p nil)
    (let ((server (eglot-current-server)))
      (eglot-shutdown server)
      (check "a clean end" (not (jsonrpc-running-p server))))))

(run-checks #'run-tests)

;;; eglot-test.el ends here
