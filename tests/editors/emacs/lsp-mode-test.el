;;; lsp-mode-test.el --- The server through lsp-mode -*- lexical-binding: t -*-

;;; Commentary:

;; Run by terminal/emacs.sh.  The configuration is the one that the program has put in place.

;;; Code:

(require 'package)
(package-initialize)
(load (expand-file-name "checks.el" (file-name-directory load-file-name)) nil t)
(load (expand-file-name "init.el" user-emacs-directory) nil t)
(require 'lsp-mode)
(setq lsp-auto-guess-root t
      lsp-idle-delay 0.1
      lsp-restart 'ignore
      lsp-session-file (expand-file-name "lsp-session" (getenv "WORK")))

(defun fill (text)
  "Make TEXT the text of the buffer, and put point where it has a `|'."
  (erase-buffer)
  (insert text)
  (when (search-backward "|" nil t) (delete-char 1)))

(defun problems ()
  "What is reported of the buffer."
  (mapcar (lambda (problem) (gethash "message" problem))
          (gethash (buffer-file-name) (lsp-diagnostics))))

(defun ask (method)
  "What the server says to METHOD at point."
  (lsp-request method (lsp--text-document-position-params)))

(defun run-tests ()
  "Run them all."
  (let ((file (expand-file-name "packages.nix" (getenv "WORK"))))
    (write-region "{\n}\n" nil file nil 'quiet)
    (lsp-workspace-folders-add (getenv "WORK"))
    (find-file file)
    (lsp)
    (check "connected"
           (wait (lambda () (seq-some (lambda (w) (eq (lsp--workspace-status w) 'initialized))
                                      (lsp-workspaces)))))
    (check "the server is ours, alone"
           (equal (mapcar #'lsp--workspace-server-id (lsp-workspaces)) '(nix-archiver))
           (mapcar #'lsp--workspace-server-id (lsp-workspaces)))

    (fill "{\n  nodejs = \"|\n}\n")
    (let ((found (mapcar (lambda (item) (gethash "label" item))
                         (gethash "items" (ask "textDocument/completion")))))
      (check "every version, newest first"
             (equal found '("20.11.0" "20.10.0" "18.13.0" "10.15.0" "8.9.4")) found))
    (let* ((table (nth 2 (lsp-completion-at-point)))
           (found (mapcar #'substring-no-properties (all-completions "" table))))
      (check "and as completion at point has them"
             (equal (sort found #'string<) '("10.15.0" "18.13.0" "20.10.0" "20.11.0" "8.9.4")) found))

    (fill "{\n  nodejs = \"20.10.9|\";\n}\n")
    (check "a version that never was is reported"
           (wait (lambda () (seq-some (lambda (p) (string-match-p "20\\.10\\.9" p)) (problems))))
           (problems))
    (let ((fixes (wait (lambda () (mapcar (lambda (fix) (gethash "title" fix)) (lsp-code-actions-at-point))))))
      (check "its fixes" (seq-some (lambda (fix) (string-match-p "20\\.10\\.0" fix)) fixes) fixes))

    (fill "{\n  nodejs = \"20.10.0|\";\n}\n")
    (check "and a real one is not" (wait (lambda () (null (problems)))) (problems))
    (let ((hover (ask "textDocument/hover")))
      (check "hover" (string-match-p "2024-02-02" (format "%S" hover)) hover))

    (set-buffer-modified-p nil)
    (let ((workspace (car (lsp-workspaces))))
      (lsp-workspace-shutdown workspace)
      (check "the server ends"
             (wait (lambda () (not (process-live-p (lsp--workspace-cmd-proc workspace)))))))))

(run-checks #'run-tests)

;;; lsp-mode-test.el ends here
