;;; checks.el --- What the tests in Emacs have in common -*- lexical-binding: t -*-

;;; Code:

;; The mode for Nix is a package of its own; its name is all that language clients go by.
(define-derived-mode nix-mode prog-mode "Nix")
(add-to-list 'auto-mode-alist '("\\.nix\\'" . nix-mode))

(defun check (name ok &optional got)
  "Report whether NAME is OK, with what was GOT if not."
  (message "%s - %s" (if ok "ok" "not ok") name)
  (unless ok (message "    %S" got)))

(defun wait (question)
  "Wait until QUESTION has an answer, and return it."
  (let ((end (+ (float-time) 20)) answer)
    (while (not (or (setq answer (funcall question)) (> (float-time) end)))
      (accept-process-output nil 0.05))
    answer))

(defun run-checks (tests)
  "Run TESTS, report an error that stops them, and leave Emacs."
  (condition-case why
      (funcall tests)
    (error (check "the script ran to its end" nil why)))
  (message "end of the tests")
  (kill-emacs 0))

;;; checks.el ends here
